# cmake -D FILE=page.html -D NAME=page_html -D OUT=page_html.cc -P embed.cmake: a source with the file's bytes.
file(READ ${FILE} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUT} "#include \"bench/study/report/assets.h\"

namespace shoal::study::assets {
namespace {
constexpr char kBytes[] = {
    ${bytes}'\\0'};
}  // namespace

std::string_view ${NAME}() { return {kBytes, ${size}}; }

}  // namespace shoal::study::assets
")
