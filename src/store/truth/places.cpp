// SPDX-License-Identifier: Apache-2.0
// A page of words is some 400 boxes of 36 bytes. They are read through SQLite's incremental blobs: a hit in a book
// reads the records of its own words and a dozen on the way to them, not the 5 MB of the whole.
#include "store/truth/places.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace isogloss::store {
namespace {

constexpr std::size_t kSpanBytes = 16, kBoxBytes = kSpanBytes + 4 + 16, kMomentBytes = kSpanBytes + 16;
constexpr std::size_t kReadRecords = 128;

void append_bytes(std::string& out, const void* data, std::size_t size) {
  out.append(static_cast<const char*>(data), size);
}

void append_span(std::string& out, Span at) {
  const std::uint64_t ends[2] = {at.begin, at.end};
  append_bytes(out, ends, sizeof ends);
}

Span span_at(const char* record) {
  std::uint64_t ends[2];
  std::memcpy(ends, record, sizeof ends);
  return {static_cast<std::size_t>(ends[0]), static_cast<std::size_t>(ends[1])};
}

// A blob of records, opened for reading.
class Records {
 public:
  static Result<Records> open(Database& database, const char* column, std::int64_t row, std::size_t record_bytes) {
    Records out(database, record_bytes);
    if (sqlite3_blob_open(database.handle(), "main", "document", column, row, 0, &out.blob_) != SQLITE_OK) {
      return fail(database.error("read"));
    }
    const auto bytes = static_cast<std::size_t>(sqlite3_blob_bytes(out.blob_));
    if (bytes % record_bytes != 0) {
      return fail(Code::corrupt_data,
                  "the " + std::string(column) + " of document " + std::to_string(row) + " are damaged.");
    }
    out.count_ = bytes / record_bytes;
    return out;
  }
  Records(Records&& other) noexcept
      : database_(other.database_),
        record_bytes_(other.record_bytes_),
        count_(other.count_),
        blob_(std::exchange(other.blob_, nullptr)) {}
  Records& operator=(Records&&) = delete;
  ~Records() { sqlite3_blob_close(blob_); }

  // The records that touch `at`, one behind the other.
  Result<std::string> touching(Span at) {
    std::string out, some;
    std::size_t low = 0, high = count_;
    while (low < high) {  // the first that ends behind the beginning of `at`
      const std::size_t middle = low + (high - low) / 2;
      IG_TRY(read(middle, 1, some));
      span_at(some.data()).end <= at.begin ? low = middle + 1 : high = middle;
    }
    for (; low < count_; low += kReadRecords) {
      IG_TRY(read(low, std::min(kReadRecords, count_ - low), some));
      for (std::size_t i = 0; i < some.size(); i += record_bytes_) {
        if (span_at(some.data() + i).begin >= at.end) return out;
        out.append(some, i, record_bytes_);
      }
    }
    return out;
  }

 private:
  Records(Database& database, std::size_t record_bytes) : database_(&database), record_bytes_(record_bytes) {}

  Status read(std::size_t first, std::size_t count, std::string& out) {
    out.resize(count * record_bytes_);
    const int offset = static_cast<int>(first * record_bytes_);  // SQLite's blobs end below 2 GB
    if (sqlite3_blob_read(blob_, out.data(), static_cast<int>(out.size()), offset) != SQLITE_OK) {
      return fail(database_->error("read"));
    }
    return {};
  }

  Database* database_;
  std::size_t record_bytes_;
  std::size_t count_ = 0;
  sqlite3_blob* blob_ = nullptr;
};

}  // namespace

std::string pack_boxes(const std::vector<Box>& boxes) {
  std::string out;
  for (const Box& box : boxes) {
    const float edges[4] = {box.left, box.top, box.right, box.bottom};
    append_span(out, box.at);
    append_bytes(out, &box.page, sizeof box.page);
    append_bytes(out, edges, sizeof edges);
  }
  return out;
}

std::string pack_moments(const std::vector<Moment>& moments) {
  std::string out;
  for (const Moment& moment : moments) {
    const double ends[2] = {moment.begin, moment.end};
    append_span(out, moment.at);
    append_bytes(out, ends, sizeof ends);
  }
  return out;
}

Result<std::vector<Box>> read_boxes(Database& database, std::int64_t document_row, Span at) {
  Records records = IG_TRY(Records::open(database, "boxes", document_row, kBoxBytes));
  const std::string found = IG_TRY(records.touching(at));
  std::vector<Box> out(found.size() / kBoxBytes);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* record = found.data() + i * kBoxBytes;
    float edges[4];
    out[i].at = span_at(record);
    std::memcpy(&out[i].page, record + kSpanBytes, sizeof out[i].page);
    std::memcpy(edges, record + kSpanBytes + sizeof out[i].page, sizeof edges);
    out[i].left = edges[0], out[i].top = edges[1], out[i].right = edges[2], out[i].bottom = edges[3];
  }
  return out;
}

Result<std::vector<Moment>> read_moments(Database& database, std::int64_t document_row, Span at) {
  Records records = IG_TRY(Records::open(database, "moments", document_row, kMomentBytes));
  const std::string found = IG_TRY(records.touching(at));
  std::vector<Moment> out(found.size() / kMomentBytes);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* record = found.data() + i * kMomentBytes;
    double ends[2];
    out[i].at = span_at(record);
    std::memcpy(ends, record + kSpanBytes, sizeof ends);
    out[i].begin = ends[0], out[i].end = ends[1];
  }
  return out;
}

}  // namespace isogloss::store
