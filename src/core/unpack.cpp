// SPDX-License-Identifier: Apache-2.0
// One decoder per packing behind one step function: it takes some input, gives some output, and says whether it stands at
// the end of a stream. The reader feeds it 64 KB at a time and looks after what the libraries leave to their callers:
// streams that follow each other, input that ends inside a stream, and content that grows without measure.
//
// zlib and liblzma are opened on first use, so that no start of the program pays for them; libzstd is linked anyway, for the
// texts in a collection.
#include "core/unpack.hpp"

#include <fcntl.h>
#include <lzma.h>
#include <unistd.h>
#define ZLIB_CONST  // next_in points to const
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/shared_library.hpp"
#include "core/text.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kInputBytes = 65536;
constexpr std::size_t kOutputBytes = std::size_t{1} << 18;
constexpr std::uint64_t kMemoryLimit = std::uint64_t{256} << 20;
constexpr int kWindowLog = 27;  // of zstd: 128 MB, what its own program takes without --long
constexpr std::uint64_t kBombRatio = 1000, kBombFree = std::uint64_t{64} << 20;

struct PackingRow {
  Packing packing;
  std::string_view name, ending, magic;
};
constexpr std::array kPackings{PackingRow{Packing::gzip, "gzip", ".gz", "\x1F\x8B"},
                               PackingRow{Packing::xz, "xz", ".xz", std::string_view("\xFD" "7zXZ\0", 6)},
                               PackingRow{Packing::zstd, "zstd", ".zst", "\x28\xB5\x2F\xFD"}};

// What a step may read and write; both move forward.
struct Flow {
  std::string_view in;
  std::span<char> out;

  unsigned char* out_bytes() const { return static_cast<unsigned char*>(static_cast<void*>(out.data())); }
  const unsigned char* in_bytes() const { return static_cast<const unsigned char*>(static_cast<const void*>(in.data())); }
  void taken(std::size_t left_in, std::size_t left_out) {
    in = in.substr(in.size() - left_in);
    out = out.subspan(out.size() - left_out);
  }
};

enum class Step { more, stream_end, damaged, too_large };

}  // namespace

class PackedDecoder {
 public:
  virtual ~PackedDecoder() = default;
  // `last`: no input comes after what is in the flow.
  virtual Step step(Flow& flow, bool last) = 0;
};

namespace {

struct Zlib {
  decltype(&::inflateInit2_) init = nullptr;
  decltype(&::inflate) inflate = nullptr;
  decltype(&::inflateReset) reset = nullptr;
  decltype(&::inflateEnd) end = nullptr;
  bool complete = false;
};

const Zlib& zlib() {
  static const Zlib functions = [] {
    Zlib z;
    void* library = open_library("libz.so.1");
    z.complete = library != nullptr && find_function(library, "inflateInit2_", z.init) &&
                 find_function(library, "inflate", z.inflate) && find_function(library, "inflateReset", z.reset) &&
                 find_function(library, "inflateEnd", z.end);
    return z;
  }();
  return functions;
}

class GzipDecoder final : public PackedDecoder {
 public:
  GzipDecoder() { ready_ = zlib().init(&stream_, 15 + 16, ZLIB_VERSION, sizeof stream_) == Z_OK; }
  ~GzipDecoder() override { zlib().end(&stream_); }

  Step step(Flow& flow, bool) override {
    if (!ready_) return Step::too_large;
    if (member_ended_) {  // zeros may pad the file; anything else is the next member
      flow.in.remove_prefix(std::min(flow.in.find_first_not_of('\0'), flow.in.size()));
      if (flow.in.empty()) return Step::stream_end;
      if (flow.in[0] != '\x1F' || zlib().reset(&stream_) != Z_OK) return Step::damaged;
      member_ended_ = false;
    }
    stream_.next_in = flow.in_bytes();
    stream_.avail_in = static_cast<uInt>(flow.in.size());
    stream_.next_out = flow.out_bytes();
    stream_.avail_out = static_cast<uInt>(flow.out.size());
    const int code = zlib().inflate(&stream_, Z_NO_FLUSH);
    flow.taken(stream_.avail_in, stream_.avail_out);
    member_ended_ = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_BUF_ERROR) return Step::more;
    return member_ended_ ? Step::stream_end : code == Z_MEM_ERROR ? Step::too_large : Step::damaged;
  }

 private:
  z_stream stream_{};
  bool ready_ = false, member_ended_ = false;
};

struct Lzma {
  decltype(&::lzma_stream_decoder) init = nullptr;
  decltype(&::lzma_code) code = nullptr;
  decltype(&::lzma_end) end = nullptr;
  bool complete = false;
};

const Lzma& lzma() {
  static const Lzma functions = [] {
    Lzma l;
    void* library = open_library("liblzma.so.5");
    l.complete = library != nullptr && find_function(library, "lzma_stream_decoder", l.init) &&
                 find_function(library, "lzma_code", l.code) && find_function(library, "lzma_end", l.end);
    return l;
  }();
  return functions;
}

class XzDecoder final : public PackedDecoder {
 public:
  XzDecoder() { ready_ = lzma().init(&stream_, kMemoryLimit, LZMA_CONCATENATED) == LZMA_OK; }
  ~XzDecoder() override { lzma().end(&stream_); }

  Step step(Flow& flow, bool last) override {
    if (!ready_) return Step::too_large;
    stream_.next_in = flow.in_bytes();
    stream_.avail_in = flow.in.size();
    stream_.next_out = flow.out_bytes();
    stream_.avail_out = flow.out.size();
    const lzma_ret code = lzma().code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
    flow.taken(stream_.avail_in, stream_.avail_out);
    switch (code) {
      case LZMA_OK:
      case LZMA_BUF_ERROR: return Step::more;
      case LZMA_STREAM_END: return Step::stream_end;
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR: return Step::too_large;
      default: return Step::damaged;
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

class ZstdDecoder final : public PackedDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  Step step(Flow& flow, bool) override {
    if (!context_) return Step::too_large;
    ZSTD_inBuffer in{flow.in.data(), flow.in.size(), 0};
    ZSTD_outBuffer out{flow.out.data(), flow.out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
    flow.taken(in.size - in.pos, out.size - out.pos);
    if (ZSTD_isError(code) == 0) return code == 0 ? Step::stream_end : Step::more;
    const ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
    return error == ZSTD_error_frameParameter_windowTooLarge || error == ZSTD_error_memory_allocation ? Step::too_large
                                                                                                      : Step::damaged;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
};

Result<std::unique_ptr<PackedDecoder>> decoder_for(Packing packing, const std::string& name) {
  const auto missing = [&](const char* library, const char* package) {
    return fail(Code::unavailable, "'" + name + "' is packed with " + std::string(packing_name(packing)) + ", and " + library +
                                       " is not installed. Run: apt-get install " + package);
  };
  std::unique_ptr<PackedDecoder> out;
  switch (packing) {
    case Packing::gzip:
      if (!zlib().complete) return missing("libz.so.1", "zlib1g");
      out = std::make_unique<GzipDecoder>();
      break;
    case Packing::xz:
      if (!lzma().complete) return missing("liblzma.so.5", "liblzma5");
      out = std::make_unique<XzDecoder>();
      break;
    case Packing::zstd: out = std::make_unique<ZstdDecoder>(); break;
    case Packing::none: break;
  }
  return out;
}

}  // namespace

Packing packing_of(std::string_view head) {
  for (const PackingRow& row : kPackings) {
    if (head.starts_with(row.magic)) return row.packing;
  }
  return Packing::none;
}

std::string_view packing_name(Packing packing) {
  return packing == Packing::none ? "none" : kPackings[static_cast<std::size_t>(packing) - 1].name;
}

std::string_view without_packing(std::string_view name) {
  const std::string lower = ascii_lower(name);
  for (const PackingRow& row : kPackings) {
    if (lower.ends_with(row.ending)) return name.substr(0, name.size() - row.ending.size());
  }
  return name;
}

UnpackedReader::UnpackedReader(UnpackedReader&&) noexcept = default;
UnpackedReader::~UnpackedReader() = default;

Result<UnpackedReader> UnpackedReader::open(const std::filesystem::path& path) {
  UnpackedReader out;
  out.name_ = path.string();
  out.file_ = FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!out.file_.is_open()) return fail(file_error("open", path));
  IG_TRY(out.begin());
  return out;
}

Result<UnpackedReader> UnpackedReader::from_memory(std::string name, std::string_view bytes) {
  UnpackedReader out;
  out.name_ = std::move(name);
  out.input_ = bytes;
  out.bytes_in_ = bytes.size();
  out.input_ended_ = true;
  IG_TRY(out.begin());
  return out;
}

Status UnpackedReader::begin() {
  if (!input_ended_) IG_TRY(refill());
  packing_ = packing_of(input_);
  decoder_ = IG_TRY(decoder_for(packing_, name_));
  return {};
}

// REQUIRES: the input is used up. A moved reader's view still looks into its buffer: 64 KB never lie inside the string
// object itself.
Status UnpackedReader::refill() {
  buffer_.resize(kInputBytes);
  std::size_t used = 0;
  while (used < buffer_.size()) {
    const ssize_t n = ::read(file_.get(), buffer_.data() + used, buffer_.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", name_));
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  input_ended_ = used < buffer_.size();
  input_ = std::string_view(buffer_).substr(0, used);
  bytes_in_ += used;
  return {};
}

Status UnpackedReader::unpack_into(std::span<char> out, std::size_t& done) {
  Flow flow{input_, out.subspan(done)};
  const Step step = decoder_->step(flow, input_ended_);
  const std::size_t gained = out.size() - done - flow.out.size();
  const bool stuck = gained == 0 && flow.in.size() == input_.size();
  input_ = flow.in;
  done += gained;
  bytes_out_ += gained;
  complete_ = step == Step::stream_end;
  const std::string what = "'" + name_ + "'", packing(packing_name(packing_));
  if (step == Step::damaged) return fail(Code::corrupt_data, what + " is damaged: its " + packing + " data cannot be unpacked.");
  if (step == Step::too_large) {
    return fail(Code::too_long, what + " needs more than " + human_bytes(static_cast<double>(kMemoryLimit)) +
                                    " of memory to be unpacked. Pack it again with a smaller window.");
  }
  if (bytes_out_ > kBombFree && bytes_out_ / kBombRatio > bytes_in_) {
    return fail(Code::too_long, what + " unpacks to more than 1,000 times its size, as no text does; it is not read on.");
  }
  if (stuck && !complete_ && !flow.out.empty() && (input_ended_ || !input_.empty())) {
    return fail(Code::corrupt_data, what + " ends in the middle of its " + packing + " data; it was cut off. Fetch it again.");
  }
  return {};
}

Result<std::size_t> UnpackedReader::read(std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (input_.empty() && !input_ended_) IG_TRY(refill());
    if (input_.empty() && input_ended_ && (!decoder_ || complete_)) break;
    if (decoder_) {
      IG_TRY(unpack_into(out, done));
      continue;
    }
    const std::size_t n = std::min(input_.size(), out.size() - done);
    std::memcpy(out.data() + done, input_.data(), n);
    input_.remove_prefix(n);
    done += n;
  }
  return done;
}

Result<std::string> UnpackedReader::rest(std::size_t max_bytes) {
  std::string out;
  for (std::size_t used = 0;;) {
    out.resize(used + kOutputBytes);
    const std::size_t n = IG_TRY(read({out.data() + used, kOutputBytes}));
    used += n;
    if (used > max_bytes) {
      return fail(Code::too_long, "'" + name_ + "' has more than " + human_bytes(static_cast<double>(max_bytes)) +
                                      (decoder_ ? " when unpacked." : "."));
    }
    if (n == kOutputBytes) continue;
    out.resize(used);
    return out;
  }
}

Result<std::string> read_unpacked(const std::filesystem::path& path, std::size_t max_bytes) {
  UnpackedReader reader = IG_TRY(UnpackedReader::open(path));
  return reader.rest(max_bytes);
}

}  // namespace isogloss
