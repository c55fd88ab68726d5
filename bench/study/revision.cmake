# Run at each build: writes the source's revision into OUT, which changes only when the revision does.
execute_process(
  COMMAND git describe --always --dirty --abbrev=40 --exclude *
  WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE SHOAL_REVISION
  RESULT_VARIABLE failed
  OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET)
if(failed)
  set(SHOAL_REVISION unknown)
endif()
configure_file(${SOURCE}/bench/study/revision.cc.in ${OUT} @ONLY)
