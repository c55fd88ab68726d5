// A run's history as lines of JSON, two for each operation and two for each fault, in the order of time.
//
// As in Jepsen: a process has one operation under way. Our clients may have several, so a client is as many processes
// as it needs at once, and a process whose operation ended as `info` is never used again.
//
//   {"index":6,"variant":"","seed":1,"type":"invoke","process":2,"client":0,"phase":"load","f":"put","key":"k0",
//    "value":17,"replaces":[12],"time":1250000000}
//   {"index":9,...,"type":"ok","process":2,...,"f":"get","key":"k0","value":[17],"stand_ins":0,"context":"...",
//    "time":1260000000}
//   {"index":11,...,"type":"info","process":"nemesis","f":"partition","value":["begin","n1 | n2,
//   n3"],"time":2000000000}
//
// `time` is nanoseconds since the load began. The value of a put or del is the id of the write; of an answered get the
// ids of the writes whose values came back; of a cas the id of the write whose value is expected (null: no value) and
// its own.
//
// Of keys in strong buckets `linearizable` (on an invocation) says that there is to be one order in which the operation
// has its place; `expects_version` that a put or del is made only while the key is at this version, `version` that the
// key was at it with the answer, `lost` (on a fail) that what was expected was not there.
#pragma once

#include <ostream>

#include "bench/study/recording.h"

namespace shoal::study {

void write_history(const Recording& recording, std::ostream& out);

}  // namespace shoal::study
