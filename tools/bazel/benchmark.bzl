"""Google Benchmarks that cannot rot.

    load("//tools/bazel:benchmark.bzl", "benchmark")

    benchmark(
        name = "hash_benchmark",
        srcs = ["hash_benchmark.cc"],
        deps = [":hash"],
    )

    bazel run -c opt //tables/hash:hash_benchmark

makes the program, and the test `hash_benchmark_smoke`, which runs each benchmark for a moment.
"""

def benchmark(name, srcs, deps = [], data = [], **kwargs):
    """A benchmark and a short test of it.

    Args:
      name: of the program, by custom ending in _benchmark; tools/bench looks for that.
      srcs: of the benchmark.
      deps: besides Google Benchmark.
      data: as in cc_binary.
      **kwargs: as in cc_binary.
    """
    native.cc_binary(
        name = name,
        testonly = 1,
        srcs = srcs,
        data = data,
        deps = deps + ["@benchmark//:benchmark_main"],
        **kwargs
    )
    native.sh_test(
        name = name + "_smoke",
        size = "small",
        srcs = ["//tools/bazel:run.sh"],
        args = [
            "$(rootpath :%s)" % name,
            "--benchmark_min_time=0.001",
        ],
        data = [":" + name],
    )
