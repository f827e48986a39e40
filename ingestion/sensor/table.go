package sensor

// The names of the detectors inside Stance.
const (
	InsideSecrets    = "stance-secrets"
	InsideComponents = "stance-components"
)

// Scanners is the table, in the order in which scanners are listed. Whoever
// makes a bill of materials runs before whoever reads one. Nothing here sends
// code or secrets anywhere that the tool does not need: credentials are not
// tried out, usage figures are not sent.
var Scanners = []Scanner{
	{Name: "syft", Command: "syft", Subjects: []Subject{Inventory}, Format: "cyclonedx", Suffix: ".cdx.json",
		Ways: []Way{{Needs: []Trait{Lock}, Args: words("dir:. -q -o cyclonedx-json={report}")}}},
	{Name: "cdxgen", Command: "cdxgen", Subjects: []Subject{Inventory}, Format: "cyclonedx", Suffix: ".cdx.json",
		Ways: []Way{{Needs: []Trait{Lock}, Args: words("-r --no-install-deps -o {report} .")}}},

	{Name: "gitleaks", Command: "gitleaks", Subjects: []Subject{Secrets}, Format: "gitleaks", Suffix: ".json", Quiet: true, Ways: []Way{
		{Needs: []Trait{Git}, Args: words("detect --source . --no-banner --exit-code 0 --report-format json --report-path {report}")},
		{Args: words("detect --source . --no-git --no-banner --exit-code 0 --report-format json --report-path {report}")}}},
	{Name: "trufflehog", Command: "trufflehog", Subjects: []Subject{Secrets}, Suffix: ".trufflehog.json", Stdout: true, Quiet: true, Format: "trufflehog", Ran: []int{183},
		Ways: []Way{{Args: words("filesystem . --json --no-update --no-verification")}}},

	{Name: "semgrep", Command: "semgrep", Subjects: []Subject{Code}, Format: "semgrep", Suffix: ".json", Ran: []int{1}, Ways: []Way{
		{Needs: []Trait{Source, Semgrep}, Args: words("scan --metrics off --quiet --config {files} --config p/default --json --output {report} .")},
		{Needs: []Trait{Source}, Args: words("scan --metrics off --quiet --config p/default --json --output {report} .")}}},
	{Name: "bandit", Command: "bandit", Subjects: []Subject{Code}, Format: "bandit", Suffix: ".json", Ran: []int{1},
		Ways: []Way{{Needs: []Trait{Python}, Args: words("-q -r . -x ./.git,./node_modules,./.venv,./venv,./.tox -f json -o {report}")}}},
	{Name: "gosec", Command: "gosec", Subjects: []Subject{Code}, Format: "gosec", Suffix: ".json", Ran: []int{1},
		Ways: []Way{{Needs: []Trait{Go, GoSource}, Each: Go, Args: words("-fmt json -out {report} ./...")}}},
	{Name: "brakeman", Command: "brakeman", Subjects: []Subject{Code}, Format: "brakeman", Suffix: ".json", Ran: []int{3},
		Ways: []Way{{Needs: []Trait{Rails}, Args: words("-q --no-pager -f json -o {report} .")}}},
	{Name: "eslint", Command: "eslint", Subjects: []Subject{Code}, Format: "eslint", Suffix: ".json", Ran: []int{1},
		Ways: []Way{{Needs: []Trait{ESLint}, Each: ESLint, Args: words("--format json --output-file {report} .")}}},

	{Name: "trivy", Command: "trivy", Subjects: []Subject{Components, Config, Secrets}, Format: "trivy", Suffix: ".json", Quiet: true,
		Ways: []Way{{Args: words("fs --quiet --scanners vuln,misconfig,secret --format json --output {report} .")}}},
	{Name: "grype", Command: "grype", Subjects: []Subject{Components}, Format: "grype", Suffix: ".json", Ways: []Way{
		{Needs: []Trait{Lock, SBOM}, Args: words("sbom:{sbom} -q -o json --file {report}")},
		{Needs: []Trait{Lock}, Args: words("dir:. -q -o json --file {report}")}}},
	{Name: "osv-scanner", Command: "osv-scanner", Subjects: []Subject{Components}, Format: "osvscanner", Suffix: ".json", Stdout: true, Ran: []int{1}, Idle: []int{128},
		Ways: []Way{{Needs: []Trait{Lock}, Args: words("scan --format json -r .")}}},
	{Name: "govulncheck", Command: "govulncheck", Subjects: []Subject{Ecosystem}, Format: "govulncheck", Suffix: ".json", Stdout: true, Ran: []int{3},
		Ways: []Way{{Needs: []Trait{Go, GoSource}, Each: Go, Args: words("-json ./...")}}},
	{Name: "npm-audit", Command: "npm", Subjects: []Subject{Ecosystem}, Format: "npmaudit", Suffix: ".json", Stdout: true, Ran: []int{1},
		Ways: []Way{{Needs: []Trait{NPMLock}, Each: NPMLock, Args: words("audit --json")}}},
	{Name: "yarn-audit", Command: "yarn", Subjects: []Subject{Ecosystem}, Format: "yarn", Suffix: ".json", Stdout: true, Ran: upTo(31), Ways: []Way{
		{Needs: []Trait{YarnLock}, Each: YarnLock, Args: words("npm audit --all --recursive --json")},
		{Needs: []Trait{Yarn1Lock}, Each: Yarn1Lock, Args: words("audit --json")}}}, // its exit code adds up severities
	{Name: "pnpm-audit", Command: "pnpm", Subjects: []Subject{Ecosystem}, Format: "npmaudit", Suffix: ".json", Stdout: true, Ran: []int{1},
		Ways: []Way{{Needs: []Trait{PNPMLock}, Each: PNPMLock, Args: words("audit --json")}}},
	{Name: "pip-audit", Command: "pip-audit", Subjects: []Subject{Ecosystem}, Format: "pipaudit", Suffix: ".json", Ran: []int{1},
		Ways: []Way{{Needs: []Trait{PipFile}, Each: PipFile, Args: words("--progress-spinner off -f json -o {report} -r {files}")}}},
	{Name: "cargo-audit", Command: "cargo-audit", Subjects: []Subject{Ecosystem}, Format: "cargoaudit", Suffix: ".json", Stdout: true, Ran: []int{1},
		Ways: []Way{{Needs: []Trait{CargoLock}, Each: CargoLock, Args: words("audit --json")}}},
	{Name: "bundler-audit", Command: "bundler-audit", Subjects: []Subject{Ecosystem}, Format: "bundleraudit", Suffix: ".json", Ran: []int{1},
		Ways: []Way{{Needs: []Trait{GemLock}, Each: GemLock, Args: words("check --quiet --format json --output {report}")}}},
	{Name: "composer-audit", Command: "composer", Subjects: []Subject{Ecosystem}, Format: "composeraudit", Suffix: ".json", Stdout: true, Ran: []int{1, 2, 3},
		Ways: []Way{{Needs: []Trait{ComposerLck}, Each: ComposerLck, Args: words("audit --locked --no-interaction --no-plugins --format=json")}}},

	{Name: "checkov", Command: "checkov", Subjects: []Subject{Config}, Format: "checkov", Suffix: ".json", Stdout: true, Ran: []int{1}, Ways: anyOf("-d . --quiet --compact --soft-fail -o json", Terraform, Kubernetes, Docker, Workflow)},
	{Name: "tfsec", Command: "tfsec", Subjects: []Subject{Config}, Format: "sarif", Suffix: ".sarif", Ran: []int{1}, Ways: anyOf(". --soft-fail --no-color --format sarif --out {report}", Terraform)},
	{Name: "kics", Command: "kics", Subjects: []Subject{Config}, Format: "kics", Suffix: ".json", Ran: []int{20, 30, 40, 50, 60}, Ways: anyOf("scan -p . --silent --no-progress --report-formats json -o {folder} --output-name {name}", Terraform, Kubernetes, Docker, Workflow)},
	{Name: "hadolint", Command: "hadolint", Subjects: []Subject{Config}, Format: "hadolint", Suffix: ".json", Stdout: true, Ran: []int{1}, Ways: anyOf("-f json {files}", Docker)},
	{Name: "kubescape", Command: "kubescape", Subjects: []Subject{Config}, Format: "sarif", Suffix: ".sarif", Ran: []int{1}, Ways: anyOf("scan . --format sarif --output {report}", Kubernetes)},
	{Name: "kube-linter", Command: "kube-linter", Subjects: []Subject{Config}, Format: "sarif", Suffix: ".sarif", Stdout: true, Ran: []int{1}, Ways: anyOf("lint . --format sarif", Kubernetes)},

	{Name: InsideSecrets, Subjects: []Subject{Secrets}, Suffix: ".json", Format: "gitleaks", Tool: InsideSecrets, Quiet: true, Ways: anyOf("", Any)},
	{Name: InsideComponents, Subjects: []Subject{Components, Inventory}, Suffix: ".cdx.json", Format: "cyclonedx", Tool: InsideComponents, Ways: anyOf("", Lock)},
}

// anyOf is a list of ways with the same arguments, one for each trait that
// alone is reason enough.
func anyOf(args string, traits ...Trait) []Way {
	var ws []Way
	for _, t := range traits {
		ws = append(ws, Way{Needs: []Trait{t}, Args: words(args)})
	}
	return ws
}

// upTo are the exit codes of a tool that adds up bits in them.
func upTo(n int) []int {
	var out []int
	for i := 1; i <= n; i++ {
		out = append(out, i)
	}
	return out
}
