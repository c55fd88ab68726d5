#include "client/cli/dataset.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

TEST(Dataset, AStanzaBecomesAKeyWithTheWholeStanza) {
  const std::string text =
      "Package: alpha\nVersion: 1.0\nDescription: first\n more of it\n\nPackage: beta\nVersion: 2\n";
  const std::vector<Item> items = parse_packages(text);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].key, "pkg:alpha:1.0");
  EXPECT_EQ(items[0].value, "Package: alpha\nVersion: 1.0\nDescription: first\n more of it");
  EXPECT_EQ(items[1].key, "pkg:beta:2");
}

// Several archives offer the same version: keys stay unique.
TEST(Dataset, TheSameVersionTwiceIsOneItem) {
  const std::string stanza = "Version: 1\nPackage: alpha\n\n";
  EXPECT_EQ(parse_packages(stanza + stanza).size(), 1u);
}

TEST(Dataset, WhatIsNoStanzaIsSkipped) {
  EXPECT_TRUE(parse_packages("").empty());
  EXPECT_TRUE(parse_packages("\n\nno fields\n\nVersion: 3\n").empty());
}

}  // namespace
}  // namespace shoal::cli
