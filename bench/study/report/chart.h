// Chart: one picture as plain values, before anybody draws it. The page (plot.js) and the figures for papers (svg.h)
// draw the same charts, so they cannot say different things; charts.json keeps them, so both can be drawn again.
//
// Three kinds: a plot of series over two axes, a heat map, a space-time diagram of messages.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace shoal::study {

struct Axis {
  std::string label;  // with its unit: "time (s)"
  bool log = false;   // zero has a place of its own, below the smallest decade
  bool time = false;  // seconds of the load: all axes of this kind are zoomed together
  bool from_zero = false;
  bool whole = false;                   // of counts: ticks at whole numbers, and no decade below 1
  std::vector<std::string> categories;  // not empty: the axis has these names at 0, 1, 2, ...
};

struct Series {
  enum class Style { line, step, points };
  std::string name;
  Style style = Style::line;
  std::size_t colour = 0;   // of the variant, or of the cause: 0 to 7, then again from 0
  bool thin = false;        // the lesser of two lines of one colour
  std::vector<double> x;    // ascending
  std::vector<double> y;    // NaN: a gap
  std::vector<double> low;  // of an interval around y; both empty when there is none
  std::vector<double> high;
};

struct FaultBand {
  std::string name;  // "partition n1 | n2"
  double begin = 0;
  double end = 0;
};

struct HeatMap {
  std::string unit;                        // of the cells: "pairs behind"
  std::vector<std::string> rows;           // from the top
  std::vector<double> edges;               // of the columns, one more than there are columns
  std::vector<std::vector<double>> cells;  // by row
};

// Who sent what to whom; time runs to the right, one line a lane.
struct SpaceTime {
  struct Arrow {
    double sent = 0;
    double arrived = 0;  // infinity: lost
    std::size_t from = 0;
    std::size_t to = 0;
    std::string name;
    std::string note;
  };
  std::vector<std::string> lanes;
  std::vector<std::string> names;  // of messages, those with colours of their own first: the same in all diagrams
  std::vector<Arrow> arrows;
};

struct Chart {
  enum class Kind { plot, heat, space_time };
  std::string id;  // of its file: lower-case words with '-' between them
  std::string title;
  std::string sentence;  // what is seen, in the numbers of this run
  std::string footer;    // study, seeds, driver, revision
  Kind kind = Kind::plot;
  Axis x;
  Axis y;
  std::vector<FaultBand> bands;
  std::vector<Series> series;
  HeatMap heat;
  SpaceTime space_time;
};

// Around the charts: what a report says in words and in one table.
struct Page {
  std::string title;
  std::string about;
  std::string verdict;                // "passed", "failed", "unknown"
  std::vector<std::string> findings;  // why: a sentence each
  std::vector<std::string> table_head;
  std::vector<std::vector<std::string>> table;
  std::vector<std::string> repeat;  // lines for a shell
  std::string scenario;             // as it was read
  std::string footer;
  std::vector<Chart> charts;
};

}  // namespace shoal::study
