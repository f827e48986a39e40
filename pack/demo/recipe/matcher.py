"""The demo's own matcher: joins a CycloneDX component list with advisories.yaml.

    matcher.py advisories.yaml sbom.cdx.json > matcher.cdx.json

It stands in for a scanner of known vulnerabilities, as those need databases from the network.
It is no scanner: it knows the advisories of advisories.yaml and nothing else.
"""

import datetime
import json
import re
import sys
import uuid

import yaml

VERSION = "1.0.0"


def key(version):
    """Orders versions: numbers by size; a text part (a pre-release) sorts before none."""
    parts = re.split(r"[.\-+]", version.lstrip("v").replace("+incompatible", ""))
    out = []
    for part in parts:
        if part.isdigit():
            out.append((1, int(part), ""))
        elif part.lower() in ("release", "final"):
            continue
        else:
            out.append((-1, 0, part))
    while out and out[-1] == (1, 0, ""):
        out.pop()
    return out


def less(a, b):
    a, b = key(a), key(b)
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else (0, 0, "")
        y = b[i] if i < len(b) else (0, 0, "")
        # A missing part counts as zero against a number.
        if x[0] == 0 and y[0] == 1:
            x = (1, 0, "")
        if y[0] == 0 and x[0] == 1:
            y = (1, 0, "")
        if x != y:
            return x < y
    return False


def hit(version, spans):
    """Returns the span that the version lies in, or None."""
    for span in spans:
        if less(version, str(span.get("introduced", "0"))):
            continue
        if "fixed" in span and not less(version, str(span["fixed"])):
            continue
        if "last" in span and less(str(span["last"]), version):
            continue
        return span
    return None


def bare(purl):
    """pkg:npm/lodash@4.17.15?x=y -> pkg:npm/lodash, in lower case for PyPI."""
    name = purl.split("?")[0].split("#")[0].rsplit("@", 1)[0]
    return name.lower() if name.startswith("pkg:pypi/") else name


def main():
    with open(sys.argv[1]) as f:
        advisories = yaml.safe_load(f)["advisories"]
    with open(sys.argv[2]) as f:
        sbom = json.load(f)
    by_package = {}
    for adv in advisories:
        by_package.setdefault(bare(adv["package"]), []).append(adv)

    components, vulnerabilities = {}, {}
    for comp in sbom.get("components", []):
        if not comp.get("purl") or not comp.get("version"):
            continue
        for adv in by_package.get(bare(comp["purl"]), []):
            span = hit(comp["version"], adv["affected"])
            if span is None:
                continue
            ref = comp["purl"].split("?")[0]
            components[ref] = {
                "bom-ref": ref,
                "type": "library",
                **({"group": comp["group"]} if comp.get("group") else {}),
                "name": comp["name"],
                "version": comp["version"],
                "purl": ref,
            }
            vul = vulnerabilities.setdefault(adv["id"], {
                "bom-ref": adv["id"],
                "id": adv["id"],
                "source": {"name": "NVD", "url": "https://nvd.nist.gov/vuln/detail/" + adv["id"]},
                "references": [{
                    "id": adv["ghsa"],
                    "source": {"name": "GitHub Advisories", "url": "https://github.com/advisories/" + adv["ghsa"]},
                }],
                "ratings": [{
                    "score": score(adv["vector"]),
                    "severity": severity(score(adv["vector"])),
                    "method": "CVSSv31",
                    "vector": "CVSS:3.1/" + adv["vector"],
                }],
                **({"cwes": adv["cwes"]} if adv.get("cwes") else {}),
                "description": adv["title"],
                "affects": [],
            })
            entry = {"ref": ref, "versions": [{"version": comp["version"], "status": "affected"}]}
            if "fixed" in span:
                vul["recommendation"] = "Upgrade %s to %s or later." % (comp["name"], span["fixed"])
                entry["versions"].append({"version": str(span["fixed"]), "status": "unaffected"})
            if all(a["ref"] != ref for a in vul["affects"]):
                vul["affects"].append(entry)

    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {
        "timestamp": now,
        "tools": {"components": [{"type": "application", "name": "stance-demo-matcher", "version": VERSION}]},
    }
    root = sbom.get("metadata", {}).get("component")
    if root:
        metadata["component"] = {k: root[k] for k in ("bom-ref", "type", "group", "name", "version", "purl") if k in root}
    json.dump({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:" + str(uuid.uuid4()),
        "version": 1,
        "metadata": metadata,
        "components": [components[r] for r in sorted(components)],
        "vulnerabilities": [vulnerabilities[i] for i in sorted(vulnerabilities)],
    }, sys.stdout, indent=2)
    print()


def score(vector):
    """The base score of a CVSS 3.1 vector, by the formula of the specification."""
    m = dict(p.split(":") for p in vector.split("/"))
    changed = m["S"] == "C"
    impact = {"H": 0.56, "L": 0.22, "N": 0.0}
    iss = 1 - (1 - impact[m["C"]]) * (1 - impact[m["I"]]) * (1 - impact[m["A"]])
    imp = 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 if changed else 6.42 * iss
    exploit = (
        8.22
        * {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}[m["AV"]]
        * {"L": 0.77, "H": 0.44}[m["AC"]]
        * {"N": 0.85, "L": 0.68 if changed else 0.62, "H": 0.5 if changed else 0.27}[m["PR"]]
        * {"N": 0.85, "R": 0.62}[m["UI"]]
    )
    if imp <= 0:
        return 0.0
    total = min(1.08 * (imp + exploit) if changed else imp + exploit, 10)
    whole = round(total * 100000)
    return whole / 100000.0 if whole % 10000 == 0 else (whole // 10000 + 1) / 10.0


def severity(value):
    return "critical" if value >= 9 else "high" if value >= 7 else "medium" if value >= 4 else "low"


if __name__ == "__main__":
    main()
