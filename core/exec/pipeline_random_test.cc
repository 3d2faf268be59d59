// Random commands, faults and endings: each reply reaches the command that it answers, each write
// is done once or not at all, as its sink is told, and commands on a key keep their order while
// keys move between nodes. A failure names the seed of its round.

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/pipeline_fixture.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Argv;
using test::FakeServer;
using test::Faults;

constexpr int kKeys = 5;
constexpr int kRounds = 4000;

// Where keys are. One that moves is first on neither node but with ASKING, and then on the other.
struct World {
  std::mt19937 random;
  int owner[kKeys] = {};
  bool open[kKeys] = {};
  bool moves = false;
  std::vector<int> done[kKeys];  // numbers of the writes, in order

  bool OneIn(unsigned n) { return random() % n == 0; }
};

int KeyOf(absl::string_view key) { return key.empty() ? 0 : key.back() - '0'; }

class MovingRouter : public test::TwoNodes {
 public:
  explicit MovingRouter(World* world) : world_(*world) {}
  absl::StatusOr<int> Route(const Command& command, bool) override {
    return view_[KeyOf(command.key())];
  }
  bool stale() const override { return stale_; }
  absl::Status Refresh(const Discovery&) override {
    if (world_.OneIn(5)) return MakeError(ErrorKind::kNotReady, "not yet");
    std::copy(std::begin(world_.owner), std::end(world_.owner), view_);
    ViewChanged();
    stale_ = false;
    return absl::OkStatus();
  }
  bool Doubt(int) override { return stale_ = true; }
  absl::StatusOr<int> Follow(const Redirect& redirect, int) override {
    const int node = redirect.host == "node-a" ? 0 : 1;
    ViewChanged();
    if (!redirect.ask) view_[redirect.slot] = node;
    return node;
  }

 private:
  World& world_;
  int view_[kKeys] = {};
  bool stale_ = false;
};

// One of the two nodes. Keys' numbers are their slots.
class Node : public FakeServer {
 public:
  Node(World* world, int self)
      : FakeServer([this](const Argv& argv) { return Answer(argv); }),
        world_(*world),
        self_(self) {}

 private:
  std::string Answer(const Argv& argv) {
    if (argv[0] == "ASKING") {
      asking_ = true;
      return test::Ok();
    }
    const bool asking = std::exchange(asking_, false);
    if (world_.moves && world_.OneIn(30)) Move(static_cast<int>(world_.random() % kKeys));
    if (world_.moves && world_.OneIn(30)) return test::Error("LOADING data");
    if (world_.moves && world_.OneIn(30)) return test::Error("TRYAGAIN later");
    const int key = KeyOf(argv[1]);
    const std::string other = absl::StrCat(key, self_ == 0 ? " node-b:1" : " node-a:1");
    const bool own = world_.owner[key] == self_;
    if (!own && !(asking && world_.open[key])) return test::Error("MOVED " + other);
    if (own && world_.open[key]) return test::Error("ASK " + other);
    int number = 0;
    if (argv[0] == "SET" && absl::SimpleAtoi(argv[2], &number)) world_.done[key].push_back(number);
    return test::Bulk(argv[2]);
  }
  void Move(int key) {
    if (world_.open[key]) world_.owner[key] = 1 - world_.owner[key];
    world_.open[key] = !world_.open[key];
  }

  World& world_;
  const int self_;
  bool asking_ = false;
};

// What became of a command. Errors do not fail its pipeline.
class Outcome : public ReplySink {
 public:
  Outcome(int command_number, bool writes, const bool* is_full)
      : number(command_number), write(writes), full(*is_full) {}
  absl::Status OnElement(const ReplyElement& element) override {
    reply = std::string(element.bytes);
    return absl::OkStatus();
  }
  absl::Status OnEnd() override {
    ++ends;
    return absl::OkStatus();
  }
  absl::Status OnError(const absl::Status&) override {
    ++errors;
    return absl::OkStatus();
  }
  bool Full() const override { return full; }

  const int number;
  const bool write;
  const bool& full;
  std::string reply;
  int ends = 0;
  int errors = 0;
};

class RandomTest : public test::PipelineTest {
 protected:
  RandomTest() {
    network_.Add(test::Spec("node-a").endpoint, &nodes_[0]);
    network_.Add(test::Spec("node-b").endpoint, &nodes_[1]);
    limits_.acquire_timeout = absl::Seconds(5);
  }

  void Round(unsigned seed) {
    world_.random.seed(seed);
    for (auto& done : world_.done) done.clear();
    outcomes_.clear();
    faults_ = Faults();
    full_ = false;
    world_.moves = world_.OneIn(2);
    limits_.test_on_check_out = world_.OneIn(2);
    if (world_.OneIn(3)) faults_.read_at_most = 1 + world_.random() % 20;
    if (world_.OneIn(3)) faults_.write_at_most = 1 + world_.random() % 20;
    Pipeline pipeline(&pool_, router_, limits_);
    absl::Status status;
    for (unsigned steps = 1 + world_.random() % 20; steps > 0 && status.ok(); --steps) {
      status = DoSomething(&pipeline);
    }
    if (status.ok() && world_.OneIn(2)) {
      Calm();
      status = pipeline.Drain();
      for (const auto& outcome : outcomes_) {
        EXPECT_TRUE(!status.ok() || outcome->ends + outcome->errors == 1);
      }
    }
    if (!world_.OneIn(3)) pipeline.Abandon();
  }

  absl::Status DoSomething(Pipeline* pipeline) {
    FakeServer& node = nodes_[world_.random() % 2];
    switch (world_.random() % 13) {
      case 0:
        return pipeline->Flush();
      case 1:
        return pipeline->Advance().status();
      case 2:
        Calm();
        return pipeline->Drain();
      case 3:
        Calm();
        return pipeline->ServerFor(test::Get(RandomKey())).status();
      case 4:
        full_ = !full_;
        return absl::OkStatus();
      case 5:
        (world_.OneIn(2) ? faults_.block_writes : faults_.block_reads) = true;
        return absl::OkStatus();
      case 6:
        if (world_.OneIn(4)) node.CloseAll();
        return absl::OkStatus();
      case 7:
        ReadElsewhere();
        return absl::OkStatus();
      default:
        return SubmitOne(pipeline);
    }
  }
  // What another statement of the session learns of the nodes, this one's pipeline knows, too.
  void ReadElsewhere() {
    Calm();
    Outcome read(++number_, false, &full_);
    Pipeline other(&pool_, router_, limits_);
    Command command("GET");
    command.Key(RandomKey()).ArgInt(read.number).ReadOnly();
    const absl::Status status = [&] {
      RETURN_IF_ERROR(other.Submit(std::move(command), &read));
      return other.Drain();
    }();
    EXPECT_TRUE(!status.ok() || read.ends + read.errors == 1);
    EXPECT_EQ(read.reply, read.ends == 1 ? absl::StrCat(read.number) : "");
  }
  absl::Status SubmitOne(Pipeline* pipeline) {
    outcomes_.push_back(std::make_unique<Outcome>(++number_, world_.OneIn(2), &full_));
    Outcome& outcome = *outcomes_.back();
    Command command(outcome.write ? "SET" : "GET");
    command.Key(RandomKey()).ArgInt(outcome.number);
    if (!outcome.write) command.ReadOnly();
    if (world_.OneIn(10)) command.CursorOf("another process");
    return pipeline->Submit(std::move(command), &outcome);
  }
  std::string RandomKey() { return absl::StrCat("k", world_.random() % kKeys); }
  void Calm() {
    full_ = false;
    faults_.block_writes = faults_.block_reads = false;
  }

  void Judge() {
    std::map<int, int> times;
    for (const auto& done : world_.done) {
      EXPECT_TRUE(std::is_sorted(done.begin(), done.end())) << "writes changed places";
      for (const int number : done) ++times[number];
    }
    for (const auto& outcome : outcomes_) {
      EXPECT_LE(outcome->ends + outcome->errors, 1);
      EXPECT_LE(times[outcome->number], 1) << "a write was done twice";
      if (outcome->errors > 0) {
        EXPECT_EQ(times[outcome->number], 0) << "a write that failed was done";
      }
      if (outcome->ends == 0) continue;
      EXPECT_EQ(outcome->reply, absl::StrCat(outcome->number)) << "the reply of another command";
      EXPECT_EQ(times[outcome->number], outcome->write ? 1 : 0);
    }
    EXPECT_EQ(pool_.leased(), 0u);
  }

  World world_;
  Node nodes_[2] = {{&world_, 0}, {&world_, 1}};
  std::shared_ptr<MovingRouter> router_ = std::make_shared<MovingRouter>(&world_);
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  bool full_ = false;
  int number_ = 0;
};

TEST_F(RandomTest, RepliesAndWritesAreWhereTheyBelong) {
  for (unsigned seed = 1; seed <= kRounds && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("round ", seed));
    Round(seed);
    Judge();
  }
}

}  // namespace
}  // namespace redis_fdw
