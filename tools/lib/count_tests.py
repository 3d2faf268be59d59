"""Counts the test cases of a `bazel test` run from its build event file.

    count_tests.py EVENTS.json  ->  "PASSED FAILED" on one line, and what failed on stderr

A GoogleTest counts as its cases, everything else as one. A target that does not build, crashes or
times out counts as a failure even if each case that it reported passed.
"""

import collections
import json
import sys
import urllib.parse
import xml.etree.ElementTree


def cases(uri):
    """Passed and failed cases of one test.xml; None if it cannot be read."""
    path = urllib.parse.unquote(urllib.parse.urlparse(uri).path)
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    passed, failed = 0, 0
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("status", "run") == "run":
            passed += 1
    return passed, failed


def main(path):
    expected = set()  # test targets that were asked for
    statuses = {}  # label -> overall status
    files = collections.defaultdict(dict)  # label -> (run, shard) -> uri of the last attempt
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            name = event.get("id", {})
            if "targetConfigured" in name and "configured" in event:
                kind = event["configured"].get("targetKind", "")
                if kind.endswith("_test rule"):
                    expected.add(name["targetConfigured"]["label"])
            elif "testResult" in name and "testResult" in event:
                key = name["testResult"]
                for output in event["testResult"].get("testActionOutput", []):
                    if output.get("name") == "test.xml" and "uri" in output:
                        run = (key.get("run", 1), key.get("shard", 1))
                        files[key["label"]][run] = output["uri"]
            elif "testSummary" in name and "testSummary" in event:
                statuses[name["testSummary"]["label"]] = event["testSummary"]["overallStatus"]

    total_passed, total_failed = 0, 0
    for label in sorted(expected | set(statuses)):
        status = statuses.get(label, "NOT RUN (does not build)")
        counts = [c for c in map(cases, files[label].values()) if c is not None]
        passed = sum(c[0] for c in counts)
        failed = sum(c[1] for c in counts)
        if status in ("PASSED", "FLAKY"):
            if not counts:
                passed = 1
        elif failed == 0:
            failed = 1
        if failed:
            print(f"FAILED: {label}: {status}", file=sys.stderr)
        total_passed += passed
        total_failed += failed
    print(total_passed, total_failed)


if __name__ == "__main__":
    main(sys.argv[1])
