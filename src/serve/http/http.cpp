// SPDX-License-Identifier: Apache-2.0
// The server on Boost.Asio and Boost.Beast; no other file includes them (22 seconds to compile).
//
// One thread at a time, the leader, sees to every socket: it runs one coroutine a connection, which reads a request,
// has it handled and writes the answer, so that nothing of a connection needs a lock. Handling may wait for a turn of
// the scheduler. The leader that has read a request hands the sockets to another thread of TaskThreads, handles the
// request itself, sends what the socket takes at once, and only then tells the new leader (leaders and followers;
// Schmidt et al. 2000). So nothing is handed from thread to thread between a request and its answer: with a thread for
// the sockets and others for the handlers, two wake-ups of a sleeping processor stood there. What takes microseconds is
// handled without handing over (HttpApp::is_quick).
//
//   idle -> header -> body -> handling -> writing -> idle ...        refusal -> linger -> closed
//
// Each state has a deadline; a sweep four times a second cancels what is over it, which wakes the coroutine with an
// error. A timer per read would cost two more operations for every request.
//
// While a request is handled the socket is watched: when the client closes it, the request's CancelToken is thrown. A
// client that closes its sending side only is taken as gone, as by Go's and nginx's servers: no system tells the two
// apart.
//
// g++ 12 destroys some temporaries of a co_await expression twice: arguments with a destructor are variables first.
//
// Beast parses; the head of the answer is written here, and head and body go out in one gather write without a copy.
#include "serve/http/http.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <list>
#include <map>
#include <optional>
#include <semaphore>

#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/task_threads.hpp"
#include "core/text.hpp"
#include "serve/http/outgoing.hpp"
#include "serve/http/tls.hpp"

namespace isogloss::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr auto kSweep = std::chrono::milliseconds(100);
constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kSpareThreads = 2;  // beside those that handle: the leader and the next one

enum class State : std::uint8_t { idle, header, body, handling, writing, lingering };

// What a connection is read from and written to: its socket, or TLS on top of it. A stream as Asio understands it.
class Channel {
 public:
  using executor_type = Tcp::socket::executor_type;
  using lowest_layer_type = Tcp::socket;

  explicit Channel(Tcp::socket peer) : socket(std::move(peer)) {}
  executor_type get_executor() { return socket.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls) return tls->async_read_some(buffers, std::forward<Token>(token));
    return socket.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls) return tls->async_write_some(buffers, std::forward<Token>(token));
    return socket.async_write_some(buffers, std::forward<Token>(token));
  }

  Tcp::socket socket;
  std::optional<asio::ssl::stream<Tcp::socket&>> tls;
};

struct Connection {
  Connection(Tcp::socket peer, std::uint64_t n, std::string from)
      : channel(std::move(peer)), number(n), address(std::move(from)) {}

  Tcp::socket& socket() { return channel.socket; }

  Channel channel;
  const std::uint64_t number;
  const std::string address;
  boost::beast::flat_buffer buffer;
  State state = State::idle;
  std::optional<Clock::time_point> deadline;
  bool timed_out = false;
  bool watching = false;
  CancelToken cancel;
  std::size_t held = 0;  // bytes of the body that is being read or handled
};
using ConnectionPtr = std::shared_ptr<Connection>;

struct Refusal {
  int status = 400;
  std::string message;
};

// Whether nobody is left who could read a refusal.
bool is_gone(const ErrorCode& error, bool timed_out) {
  if (timed_out || error == asio::error::no_buffer_space) return false;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return true;
  return error.category() != http::make_error_code(http::error::bad_method).category();
}

Refusal refusal_of(const ErrorCode& error, const HttpLimits& limits, State state) {
  if (error == http::error::header_limit) {
    return {431, "The header is larger than " + std::to_string(limits.header_bytes) + " bytes."};
  }
  if (error == http::error::body_limit) {
    return {413, "The body is larger than " + std::to_string(limits.body_bytes) +
                     " bytes. Send fewer inputs a request, or raise --max-body."};
  }
  if (error == asio::error::no_buffer_space) {
    return {503, "The server holds as many bytes of requests as it may. Try again."};
  }
  if (error == asio::error::operation_aborted) {
    return {408, std::string(state == State::body ? "The body" : "The header") + " did not arrive in time."};
  }
  return {400, "The request is not HTTP/1.1: " + error.message() + "."};
}

class Server final : public HttpServer {
 public:
  Server(const HttpOptions& options, HttpApp& app)
      : limits_(options.limits),
        app_(app),
        acceptor_(io_),
        sweeper_(io_),
        seed_(hash64(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()))),
        threads_(options.limits.requests + kSpareThreads) {}

  ~Server() override {
    stop();
    wait();
  }

  Status listen(const HttpOptions& options) {
    if (!options.tls_certificate.empty())
      tls_.emplace(IG_TRY(make_tls_context(options.tls_certificate, options.tls_key)));
    ErrorCode error;
    if (options.inherited_socket >= 0) {
      acceptor_.assign(Tcp::v6(), options.inherited_socket, error);
      if (error) return fail(Code::invalid_argument, "the inherited socket cannot be used: " + error.message() + ".");
    } else {
      const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
      const auto address = asio::ip::make_address(host, error);
      if (error) {
        return fail(Code::invalid_argument,
                    "'" + options.host + "' is no address of this machine. Write 127.0.0.1, ::1 or 0.0.0.0.");
      }
      const Tcp::endpoint endpoint(address, options.port);
      acceptor_.open(endpoint.protocol(), error);
      if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
      if (!error) acceptor_.bind(endpoint, error);
      if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
      if (error) {
        return fail(Code::unavailable, "cannot listen on " + options.host + ":" + std::to_string(options.port) + ": " +
                                           error.message() + ". Choose another port (--port 0 takes a free one).");
      }
    }
    acceptor_.non_blocking(true, error);
    const auto local = acceptor_.local_endpoint(error);
    port_ = error ? 0 : local.port();
    return {};
  }

  void start() override {
    asio::co_spawn(io_, accept_all(), asio::detached);
    asio::co_spawn(io_, sweep(), asio::detached);
    done_ = finished_.get_future().share();
    threads_.submit([this] { lead(); });
  }

  std::uint16_t port() const override { return port_; }
  void stop() override {
    if (!stopping_.exchange(true)) asio::post(io_, [this] { begin_drain(); });
  }
  void stop_when(const CancelToken& cancel) override { stop_when_ = &cancel; }
  void wait() override {
    if (done_.valid()) done_.wait();
  }
  HttpGauges gauges() const override { return {connected_.load(), handled_.load()}; }

 private:
  // Sees to the sockets until this thread has handed them over, or nothing is left to do.
  void lead() {
    leading_ = true;
    while (leading_ && io_.run_one() != 0) {
    }
    if (leading_) finished_.set_value();
  }

  // ---- connections -------------------------------------------------------------------------------------------------

  asio::awaitable<void> accept_all() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(kNoThrow);
      if (!error) {
        take(std::move(socket));
      } else if (acceptor_.is_open()) {  // no descriptor left, say: others have to end first
        asio::steady_timer pause(io_, std::chrono::milliseconds(20));
        co_await pause.async_wait(kNoThrow);
      }
    }
  }

  void take(Tcp::socket socket) {
    ErrorCode error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;
    socket.set_option(Tcp::no_delay(true), error);
    auto connection = std::make_shared<Connection>(std::move(socket), ++last_connection_, peer.address().to_string());
    connections_.push_back(connection);
    ++per_client_[connection->address];
    connected_ = connections_.size();
    asio::co_spawn(io_, serve(connection), [this, connection](const std::exception_ptr&) { forget(connection); });
  }

  void forget(const ConnectionPtr& connection) {
    ErrorCode ignored;
    connection->socket().close(ignored);
    hold(*connection, 0);
    const auto client = per_client_.find(connection->address);
    if (--client->second == 0) per_client_.erase(client);
    connections_.remove(connection);
    connected_ = connections_.size();
    if (draining_ && connections_.empty()) sweeper_.cancel();
  }

  asio::awaitable<void> serve(ConnectionPtr c) {
    const bool many = connections_.size() > limits_.connections;
    if (many || per_client_[c->address] > limits_.connections_per_client) {
      Request nothing;
      std::string message = (many ? "The server has its " + std::to_string(limits_.connections)
                                  : "This client has its " + std::to_string(limits_.connections_per_client)) +
                            " connections in use. Close some, or use one for many requests.";
      co_await refuse(c, std::move(nothing), many ? 503 : 429, std::move(message));
      co_return;
    }
    if (tls_) {
      c->channel.tls.emplace(c->socket(), *tls_);
      enter(*c, State::header, limits_.header);
      const auto [error] = co_await c->channel.tls->async_handshake(asio::ssl::stream_base::server, kNoThrow);
      if (error) co_return;
    }
    while (co_await serve_one(c)) {
    }
  }

  void enter(Connection& c, State state, std::optional<std::chrono::milliseconds> limit) {
    c.state = state;
    c.deadline = limit ? std::optional(Clock::now() + *limit) : std::nullopt;
    c.timed_out = false;
  }

  // One request of a connection; false when the connection is to be closed.
  asio::awaitable<bool> serve_one(const ConnectionPtr& c) {
    if (c->buffer.size() == 0) {
      enter(*c, State::idle, draining_ ? limits_.linger : limits_.idle);
      const auto space = c->buffer.prepare(kReadBytes);
      const auto [error, n] = co_await c->channel.async_read_some(space, kNoThrow);
      if (error) co_return false;
      c->buffer.commit(n);
    }
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    enter(*c, State::header, limits_.header);
    auto [error, n] = co_await http::async_read_header(c->channel, c->buffer, parser, kNoThrow);
    if (!error) error = co_await read_body(c, parser);
    Request request = request_of(*c, parser);
    if (error) {
      if (is_gone(error, c->timed_out)) co_return false;
      Refusal refusal = refusal_of(error, limits_, c->state);
      co_await refuse(c, std::move(request), refusal.status, std::move(refusal.message));
      co_return false;
    }
    const bool keep = parser.get().keep_alive();
    const bool old = parser.get().version() < 11;
    const bool open = co_await answer(c, request, keep, old);
    hold(*c, 0);
    co_return open;
  }

  // As much of it at a time as has arrived: only bytes that are here count against the limit of all bodies.
  asio::awaitable<ErrorCode> read_body(const ConnectionPtr& c, Parser& parser) {
    if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      co_await asio::async_write(c->channel, asio::buffer(kContinue), kNoThrow);
    }
    enter(*c, State::body, limits_.body);
    while (!parser.is_done()) {
      const auto [error, n] = co_await http::async_read_some(c->channel, c->buffer, parser, kNoThrow);
      if (error) co_return error;
      hold(*c, parser.get().body().size());
      if (bodies_ > limits_.bodies_bytes) co_return ErrorCode(asio::error::no_buffer_space);
    }
    co_return ErrorCode();
  }

  void hold(Connection& c, std::size_t bytes) {
    bodies_ += bytes - c.held;
    c.held = bytes;
  }

  Request request_of(const Connection& c, Parser& parser) {
    auto& message = parser.get();
    Request request;
    request.method = std::string_view(message.method_string());
    const std::string_view target = message.target();
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    if (mark < target.size()) request.query = target.substr(mark + 1);
    for (const auto& field : message) {
      request.headers.emplace_back(ascii_lower(field.name_string()), std::string_view(field.value()));
    }
    request.body = std::move(message.body());
    request.peer = c.address;
    request.connection = c.number;
    request.cancel = &c.cancel;
    request.id = request.header("x-request-id");
    if (!is_request_id(request.id)) {
      char hex[17];
      std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash64(seed_ + ++last_request_)));
      request.id = hex;
    }
    return request;
  }

  // ---- answers -----------------------------------------------------------------------------------------------------

  asio::awaitable<bool> answer(const ConnectionPtr& c, Request& request, bool keep, bool old) {
    const Clock::time_point begun = Clock::now();
    const bool quick = app_.is_quick(request);
    Outgoing out;
    if (quick) {
      out = Outgoing::of(request, app_.handle(request), keeps(*c, keep));
    } else if (handled_ >= limits_.requests) {
      Response response = app_.refuse(request, 429,
                                      "The server is handling as many requests as it may (" +
                                          std::to_string(limits_.requests) + "). Try again in a second.");
      response.headers.emplace_back("Retry-After", "1");
      out = Outgoing::of(request, std::move(response), keeps(*c, keep));
    } else {
      ++handled_;
      enter(*c, State::handling, std::nullopt);
      watch(c);
      out = co_await handle_and_send(c, request, keep);
      if (out.response.stream) co_return co_await stream(c, request, std::move(out.response), keep && !old, old, begun);
      --handled_;
      unwatch(*c);
    }
    co_return co_await write(c, request, out, begun);
  }

  // Handles the request on this thread, which another one follows as leader. What follows the co_await is the new
  // leader's.
  asio::awaitable<Outgoing> handle_and_send(const ConnectionPtr& c, Request& request, bool keep) {
    const auto start = [this, &c, &request, keep](auto handler) {
      leading_ = false;
      threads_.submit([this] { lead(); });
      Outgoing out = Outgoing::of(request, app_.handle(request), keeps(*c, keep));
      if (!out.response.stream && !c->channel.tls) out.send_at_once(c->socket().native_handle());
      asio::post(io_, [handler = std::move(handler), out = std::move(out)]() mutable { handler(std::move(out)); });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Outgoing)>(start, asio::use_awaitable);
  }

  bool keeps(const Connection& c, bool asked) const { return asked && !draining_ && !c.cancel.cancelled(); }

  // Runs f on another thread and goes on here with what it returned.
  template <class T, class F>
  asio::awaitable<T> run_elsewhere(F f) {
    const auto start = [this, &f](auto handler) {
      threads_.submit([this, &f, handler = std::move(handler)]() mutable {
        T value = f();
        asio::post(io_,
                   [handler = std::move(handler), value = std::move(value)]() mutable { handler(std::move(value)); });
      });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(T)>(start, asio::use_awaitable);
  }

  void watch(const ConnectionPtr& c) {
    c->watching = true;
    c->socket().async_wait(Tcp::socket::wait_read, [c](const ErrorCode& error) {
      if (error || !c->watching) return;
      char byte;
      const ssize_t n = ::recv(c->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      const bool farewell = n == 1 && c->channel.tls && byte == kTlsAlert;
      if (n == 0 || farewell || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) c->cancel.cancel();
    });
  }

  void unwatch(Connection& c) {
    c.watching = false;
    ErrorCode ignored;
    c.socket().cancel(ignored);
  }

  void record(const Request& request, int status, std::size_t bytes, Clock::time_point begun) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    app_.record({request.peer, request.id, request.method, request.path, status, request.body.size(), bytes, seconds});
  }

  asio::awaitable<bool> write(const ConnectionPtr& c, const Request& request, const Outgoing& out,
                              Clock::time_point begun) {
    const auto [head, body] = out.rest();
    bool good = true;
    if (!head.empty() || !body.empty()) {
      const std::array<asio::const_buffer, 2> rest{asio::buffer(head), asio::buffer(body)};
      enter(*c, State::writing, limits_.write);
      const auto [error, n] = co_await asio::async_write(c->channel, rest, kNoThrow);
      good = !error;
    }
    record(request, out.response.status, out.bare ? 0 : out.response.body.size(), begun);
    if (good && !out.keep) co_await linger(c);
    co_return (good && out.keep);
  }

  // A body in pieces: each is written before the next is made.
  asio::awaitable<bool> stream(const ConnectionPtr& c, const Request& request, Response response, bool keep, bool old,
                               Clock::time_point begun) {
    keep = keep && !draining_;
    std::size_t bytes = 0;
    std::string first = response_head(request, response, keep, old ? BodyLength::until_closed : BodyLength::chunked);
    bool good = co_await send(c, std::move(first));
    const PieceSink sink = [&](std::string_view piece) {
      if (piece.empty()) return good;
      char size[24];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      bytes += piece.size();
      good = good && send_and_wait(c, old ? std::string(piece) : size + std::string(piece) + "\r\n");
      return good;
    };
    const auto run = [&] {
      if (good && request.method != "HEAD") response.stream(sink);
      return true;
    };
    co_await run_elsewhere<bool>(run);
    std::string last = "0\r\n\r\n";
    if (good && !old) good = co_await send(c, std::move(last));
    --handled_;
    unwatch(*c);
    record(request, response.status, bytes, begun);
    if (good && !keep) co_await linger(c);
    co_return good&& keep && !c->cancel.cancelled();
  }

  asio::awaitable<bool> send(ConnectionPtr c, std::string bytes) {
    enter(*c, State::writing, limits_.write);
    const auto [error, n] = co_await asio::async_write(c->channel, asio::buffer(bytes), kNoThrow);
    enter(*c, State::handling, std::nullopt);
    co_return !error;
  }

  // From the thread of a handler.
  bool send_and_wait(const ConnectionPtr& c, std::string bytes) {
    std::binary_semaphore written(0);
    bool good = false;
    asio::co_spawn(io_, send(c, std::move(bytes)), [&](const std::exception_ptr& thrown, bool sent) {
      good = sent && !thrown;
      written.release();
    });
    written.acquire();
    return good;
  }

  asio::awaitable<void> refuse(ConnectionPtr c, Request request, int status, std::string message) {
    const Clock::time_point begun = Clock::now();
    Response response = app_.refuse(request, status, std::move(message));
    if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
    hold(*c, 0);
    const Outgoing out = Outgoing::of(request, std::move(response), false);
    co_await write(c, request, out, begun);
  }

  // Closing a socket with unread bytes in it would take the answer away from the client: read what comes until it
  // closes.
  asio::awaitable<void> linger(const ConnectionPtr& c) {
    ErrorCode failed;
    enter(*c, State::lingering, limits_.linger);
    if (c->channel.tls) co_await c->channel.tls->async_shutdown(kNoThrow);
    c->socket().shutdown(Tcp::socket::shutdown_send, failed);
    std::array<char, 4096> bytes;
    while (!failed) {
      const auto [error, n] = co_await c->socket().async_read_some(asio::buffer(bytes), kNoThrow);
      failed = error;
    }
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  asio::awaitable<void> sweep() {
    while (!(draining_ && connections_.empty())) {
      sweeper_.expires_after(kSweep);
      co_await sweeper_.async_wait(kNoThrow);
      const CancelToken* cancel = stop_when_;
      if (cancel != nullptr && cancel->cancelled() && !draining_) begin_drain();
      const Clock::time_point now = Clock::now();
      const bool over = draining_ && now > drain_end_;
      for (const ConnectionPtr& c : connections_) {
        if (over) c->cancel.cancel();
        if (!over && (!c->deadline || now < *c->deadline)) continue;
        if (over && c->state == State::handling) continue;  // its handler ends soon, being cancelled
        c->deadline.reset();
        c->timed_out = true;
        ErrorCode ignored;
        c->socket().cancel(ignored);
      }
    }
  }

  void begin_drain() {
    if (draining_) return;
    draining_ = true;
    drain_end_ = Clock::now() + limits_.drain;
    ErrorCode error;
    while (true) {  // connections that the system has accepted for us already
      Tcp::socket socket(io_);
      acceptor_.accept(socket, error);
      if (error) break;
      take(std::move(socket));
    }
    acceptor_.close(error);
    for (const ConnectionPtr& c : connections_) {
      if (c->state == State::idle) enter(*c, State::idle, limits_.linger);  // its next request may be on the way
    }
    sweeper_.cancel();
  }

  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

  static constexpr char kTlsAlert = 21;  // first byte of a record that says good-bye

  const HttpLimits limits_;
  HttpApp& app_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;
  Tcp::acceptor acceptor_;
  asio::steady_timer sweeper_;
  const std::uint64_t seed_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<const CancelToken*> stop_when_{nullptr};
  std::atomic<std::size_t> connected_{0}, handled_{0};
  static inline thread_local bool leading_ = false;
  std::atomic<bool> draining_{false};
  // Of the leader:
  Clock::time_point drain_end_;
  std::list<ConnectionPtr> connections_;
  std::map<std::string, std::size_t> per_client_;
  std::size_t bodies_ = 0;
  std::uint64_t last_connection_ = 0, last_request_ = 0;
  std::promise<void> finished_;
  std::shared_future<void> done_;
  TaskThreads threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpOptions& options, HttpApp& app) {
  return guard([&]() -> Result<std::unique_ptr<HttpServer>> {
    auto server = std::make_unique<Server>(options, app);
    IG_TRY(server->listen(options));
    return server;
  });
}

}  // namespace isogloss::serve
