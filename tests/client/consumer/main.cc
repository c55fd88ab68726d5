#include <iostream>
#include <shoal/client.hpp>

int main(int, char** argv) {
  shoal::Client db{argv[1]};
  db.put("greeting", "hello").value();
  std::cout << db.get("greeting", {.r = 1}).value().value() << '\n';
  try {
    db.get("").value();
  } catch (const shoal::BadResult& bad) {
    std::cout << describe(bad.error().code) << '\n';
  }
}
