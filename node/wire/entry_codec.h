// Entries and membership documents as bytes on a disk: MessagePack behind a format number and a checksum.
//
//   byte  0       format, 2
//   bytes 1..8    XXH3-64 of everything after them, big-endian
//   then          MessagePack: [[bucket, name], [incarnation, epoch], record, kind, losers]  (entry)
//                 or the document's fields                                                   (document)
#pragma once

#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/core/store.h"
#include "node/ring/membership.h"

namespace shoal {

std::string encode_entry(const Entry& entry);
// Errc::corrupt when the checksum or the structure is wrong; Errc::refused for a newer format.
Result<Entry> decode_entry(std::string_view bytes);

std::string encode_document(const Membership& document);
Result<Membership> decode_document(std::string_view bytes);

}  // namespace shoal
