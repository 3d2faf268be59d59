"""Fuzz targets: LLVMFuzzerTestOneInput() in a library, which two things drive.

    load("//tools/bazel:fuzz.bzl", "fuzz_target")

    fuzz_target(
        name = "glob_fuzz",
        srcs = ["glob_fuzz.cc"],
        deps = [":glob"],
    )

makes the library `glob_fuzz`, which an ordinary test of the package calls with inputs that are the
same each time, and the program `glob_fuzzer` of clang's libFuzzer, which `tools/fuzz` builds and
runs. The latter is manual: nothing else needs clang.
"""

def fuzz_target(name, srcs, deps = []):
    """A library with a fuzz target, and the program that fuzzes it.

    Args:
      name: of the library; ends in _fuzz.
      srcs: of it.
      deps: of it.
    """
    native.cc_library(
        name = name,
        testonly = 1,
        srcs = srcs,
        alwayslink = 1,
        deps = deps,
    )
    native.cc_binary(
        name = name + "er",
        testonly = 1,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name],
    )
