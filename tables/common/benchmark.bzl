"""A benchmark of a table type, and a test that runs it briefly so that it cannot rot."""

def table_benchmark(name, srcs, deps):
    """Defines NAME, for `bazel run -c opt`, and NAME_test.

    Args:
      name: of the benchmark.
      srcs: of the benchmark.
      deps: besides what all have.
    """
    deps = deps + [
        "//tables/common:table_benchmark_util",
        "@benchmark//:benchmark_main",
    ]
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = srcs,
        deps = deps,
    )
    native.cc_test(
        name = name + "_test",
        size = "small",
        srcs = srcs,
        args = ["--benchmark_min_time=0.01"],
        deps = deps,
    )
