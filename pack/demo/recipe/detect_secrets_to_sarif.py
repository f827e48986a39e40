"""Turns a detect-secrets baseline (standard input) into SARIF 2.1.0 (standard output).

detect-secrets has no SARIF output of its own. Every entry of the baseline becomes one result;
nothing is added and nothing is left out.
"""

import json
import sys


def main():
    base = json.load(sys.stdin)
    rules, results = {}, []
    for path in sorted(base["results"]):
        for hit in base["results"][path]:
            rule = hit["type"].lower().replace(" ", "-")
            rules.setdefault(rule, {
                "id": rule,
                "name": hit["type"].title().replace(" ", ""),
                "shortDescription": {"text": hit["type"]},
                "properties": {"tags": ["security", "external/cwe/cwe-798"]},
            })
            results.append({
                "ruleId": rule,
                "level": "error",
                "message": {"text": "Possible secret: " + hit["type"]},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": hit["line_number"]},
                }}],
                "partialFingerprints": {"hashedSecret/v1": hit["hashed_secret"]},
            })
    json.dump({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "detect-secrets",
                "version": base["version"],
                "informationUri": "https://github.com/Yelp/detect-secrets",
                "rules": [rules[r] for r in sorted(rules)],
            }},
            "results": results,
        }],
    }, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
