// Entries and membership documents as bytes on a disk: MessagePack behind a format number and a checksum.
//
//   entry                                            document
//   byte  0       format, 3                          byte  0       format, 3
//   bytes 1..8    XXH3-64 of everything after them,  bytes 1..8    XXH3-64 of everything after them
//                 seeded with XXH3-64 of the place   bytes 9..     MessagePack: the document's fields
//   bytes 9..24   digest: hi, lo
//   bytes 25..    MessagePack: [[bucket, name], [incarnation, epoch], record, kind, losers],
//                 at a place of acceptors [[bucket, name], acceptor, vote]
//
// Integers are big-endian. The place is in the checksum, so an entry that turns up elsewhere, because a bit of its key
// has flipped, is corrupt. The digest stands where it is found without reading the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/core/store.h"
#include "node/ring/membership.h"

namespace shoal {

// The key of an entry in its table: 16 bytes of slot for an own copy; 24 for a hint, of which 8 name the owner, or
// for an acceptor, of which 8 are ones.
std::string place_bytes(const Place& place);
// Absent when the length is neither.
std::optional<Place> place_from(std::string_view bytes);

std::string encode_entry(const Place& place, const Entry& entry);
// Errc::corrupt when the checksum, the place or the structure is wrong; Errc::refused for a newer format.
Result<Entry> decode_entry(const Place& place, std::string_view bytes);
// The digest of a sealed entry, as it reads: nothing is verified. Absent: too short, or another format.
std::optional<Hash128> sealed_digest(std::string_view bytes);

// The key that it names; nothing is verified either.
std::optional<Key> sealed_key(std::string_view bytes);

std::string encode_document(const Membership& document);
Result<Membership> decode_document(std::string_view bytes);

}  // namespace shoal
