package finding

import "time"

// Observation is one result of one scan, as the tool said it and kept whole.
// Decoders fill what the report gives and leave the rest zero; they translate
// nothing but the shape. Normalising (paths, URLs, identifiers, secrets)
// happens once, behind all decoders.
type Observation struct {
	// Position says where in the report the record stands.
	Position Position

	Kind  Kind
	Check Check

	// Title is one line naming the flaw. When empty the check's title or
	// the first line of Message stands in.
	Title string
	// Message is what the tool said about this very place; plain text or
	// Markdown. The check's general description is Check.Description.
	Message string

	Severity Severity
	// SeverityWord is the tool's own word or number, unchanged ("HIGH",
	// "error", "2").
	SeverityWord string
	// Confidence is the tool's own word for how sure it is, unchanged.
	Confidence string

	// CWEs are weakness numbers as reported, in the tool's order.
	CWEs []int
	// Advisories are vulnerability ids as reported: CVE, GHSA, OSV ids,
	// vendor ids. The one the tool leads with is first.
	Advisories []string
	// CVSS are all ratings given, unjudged.
	CVSS []CVSS
	// EPSS is the probability (0..1) the tool itself reported, if any. The
	// server's own feed outranks it.
	EPSS *float64
	// KEV is true when the tool says the flaw is known to be exploited.
	KEV bool

	// Component is set for flaws in a package.
	Component *Component
	// Location is where the flaw is.
	Location Location
	// Related are further places the tool names, for example the other
	// locations of a SARIF result.
	Related []Location
	// Flow is the path of data or control through the code, source first.
	Flow []Step
	// Secret is set for Kind Secret. Its Value is removed by normalising.
	Secret *SecretValue

	// Fix is what the tool advises to do, if it says so.
	Fix string
	// FixVersions are versions of the component that no longer have the flaw.
	FixVersions []string
	// References are URLs.
	References []string
	// Tags are labels of the tool (OWASP categories, languages, subcategories).
	Tags []string

	// Fingerprints are the tool's own stable identifiers for this result, by
	// name (SARIF partialFingerprints, Semgrep fingerprint, SonarQube key).
	Fingerprints map[string]string

	// Claim is what the report itself says of the state, if anything.
	Claim Claim

	// FirstSeen is when the tool says it saw this first; zero if unsaid.
	FirstSeen time.Time

	// Raw is the record itself, byte for byte for JSON (one value), JSON
	// lines and text, re-serialised for XML and CSV. It holds every field that has no
	// place above.
	Raw []byte
}

// Position is a place in the decompressed, UTF-8 form of a report.
type Position struct {
	// Record is the zero-based number of the record in document order.
	// Several observations may come of one record (ZAP instances).
	Record int
	// Offset is the byte offset of the record; 0 when a decoder can't tell.
	Offset int64
	// Pointer names the record in the document's own terms: a JSON pointer
	// ("/runs/0/results/17"), an element path with index, or "line 12".
	Pointer string
}

// Check is what the tool looked for: SARIF's reportingDescriptor.
type Check struct {
	// ID is the tool's own id ("B602", "java/sql-injection", "CKV_AWS_20").
	ID string
	// Title is a short name of the check.
	Title string
	// Description explains the weakness in general.
	Description string
	// Help says how to fix it in general; Markdown.
	Help string
	// URL leads to the tool's own page about the check.
	URL string
	// Guideline is a benchmark or policy section the check belongs to.
	Guideline string
}

// CVSS is one rating.
type CVSS struct {
	// Vector is the vector string, with or without the "CVSS:3.1/" prefix.
	Vector string
	// Score is the base score as reported; 0 when only a vector was given.
	Score float64
	// Version is "2.0", "3.0", "3.1" or "4.0"; empty when unsaid.
	Version string
	// Source names who rated ("nvd", "ghsa", "redhat"); empty when unsaid.
	Source string
}

// Component is a package in which a flaw was found, or an entry of an SBOM.
type Component struct {
	// PURL is the package URL as reported; empty when the tool gives none.
	PURL string
	// Ecosystem is the package type in purl's words ("npm", "pypi", "deb").
	Ecosystem string
	Group     string // namespace or Maven group, when told apart from Name
	Name      string
	Version   string
	// Type is the CycloneDX component type ("library", "container"); empty
	// when unsaid.
	Type     string
	Licences []string
	// Ref is the document's own reference for it (bom-ref).
	Ref string
	// Path is a dependency path, root first, as the tool writes its entries.
	Path []string
	// Direct is whether the root depends on it itself; nil when unsaid.
	Direct *bool
	// Scope is the dependency scope ("runtime", "dev", "optional").
	Scope string
}

// Location is a place. Which fields are set depends on the kind.
type Location struct {
	// Path is a file: relative to the repository root where the tool says so,
	// else as written. For an image, the path inside it.
	Path        string
	StartLine   int // 1-based; 0 unknown
	StartColumn int
	EndLine     int
	EndColumn   int
	// Snippet is the source text of the region, as reported.
	Snippet string
	// Context is source text around the region, as reported.
	Context string
	// Symbol is the function, method or class that holds the place.
	Symbol string

	// URL is an address as reported, query included.
	URL       string
	Method    string // HTTP method
	Parameter string // parameter, header or cookie name
	// Evidence is what proves the flaw at that endpoint.
	Evidence string

	// Resource is an IaC, cloud or Kubernetes resource address
	// ("aws_s3_bucket.logs", "Deployment/default/shop").
	Resource string

	// Image is an image reference, Layer a layer digest, when the tool names
	// them for this very result.
	Image string
	Layer string

	// Commit is the revision in which a secret was found, when the tool
	// searched history; Author and Date are that commit's.
	Commit string
	Author string
	Date   string
}

// Step is one stop of a data or control flow.
type Step struct {
	Location Location
	Message  string
}

// SecretValue is a credential that a tool found.
type SecretValue struct {
	// Value is the clear text as it stands in the report. Normalising takes
	// it out (and out of every other field) before anything is stored or
	// shown, and fills Hash and Masked. A value that the tool itself redacted
	// is put into Masked by the decoder and Value stays empty.
	Value string
	// Aliases are further clear texts of the same credential that stand in
	// the record: an encoded spelling, the pair of account id and secret, the
	// neighbours that one record names together. Normalising takes them out
	// as it does Value (the longest first: one may hold another) and clears
	// the list.
	Aliases []string
	// Masked shows enough to recognise and nothing to use ("AKIA…3F").
	Masked string
	// Hash is a keyed hash (hex) of the value; the key is the tenant's.
	Hash string
	// Verified is whether the tool proved that the credential works; nil
	// when it did not try.
	Verified *bool
	// Detector is the tool's word for the sort of secret ("AWS").
	Detector string
}

// Claim is a state that the report itself asserts for a result: a
// suppression, a VEX analysis or the tool's own triage. Claims rank below
// people and rules.
type Claim struct {
	State ClaimState
	// Justification is the VEX justification code or suppression kind.
	Justification string
	// Detail is free text given with the claim.
	Detail string
	// Source is where the claim came from ("in-source", "vex", "tool").
	Source string
	// By names who makes the claim (the author of a VEX document), At is when
	// it was made; empty and zero when unsaid.
	By string
	At time.Time
	// Product is what a VEX statement is about, as the document names it (a
	// package URL, an image reference); empty when it names none. The
	// observation's Component is then the part of the product that is meant.
	Product string
	// Baseline is SARIF's baselineState ("new", "unchanged", "updated",
	// "absent").
	Baseline string
}

// ClaimState is what a report says of a result's state.
type ClaimState string

// The states a report can claim. The empty state claims nothing.
const (
	ClaimNone             ClaimState = ""
	ClaimAffected         ClaimState = "affected"
	ClaimUnderReview      ClaimState = "under_review"
	ClaimNotAffected      ClaimState = "not_affected"
	ClaimFalsePositive    ClaimState = "false_positive"
	ClaimAccepted         ClaimState = "accepted"
	ClaimFixed            ClaimState = "fixed"
	ClaimAbsent           ClaimState = "absent" // listed only to say that it is gone (SARIF baseline)
	ClaimSuppressedByTool ClaimState = "suppressed"
)
