// Mutant: an lww bucket keeps the least value and not the greatest. Everything else of record.cc is as built.
#include <algorithm>

#define max_element min_element
#include "vclock/record.cc"
#undef max_element
