package weakness

// anchor is a curated class: the entries of the tree at whose root it stands.
type anchor struct {
	name  Class
	title string
	// roots give the class to themselves and to everything below them that
	// has no nearer root.
	roots []CWE
	// exact give it to themselves only: entries so general that what lies
	// below them is something else, and categories that tools map to.
	exact []CWE
}

// apart are weaknesses that the tree puts below a root though they are
// another sort of flaw; they and what hangs below them inherit no class.
//
//   - 344 (invariant value where a changing one is needed) joins fixed
//     pointers and unsafe defaults to weak randomness
//   - 766 (critical data element declared public) is about encapsulation, not
//     about permissions on files
var apart = [...]CWE{344, 766}

// anchors is the curated list, from narrow mechanisms to wide consequences;
// the order decides between the CWEs of one list (see [ClassOf]). Names are
// part of stored identities: add, never rename.
var anchors = [...]anchor{
	// Mechanisms that are often reported together with their consequence.
	{"prototype-pollution", "Prototype pollution", []CWE{1321}, nil},
	{"mass-assignment", "Mass assignment", []CWE{915}, nil},
	{"xml-external-entity", "XML external entity", []CWE{611, 827}, nil},
	{"xml-entity-expansion", "XML entity expansion", []CWE{776}, nil},
	{"deserialization", "Deserialisation of untrusted data", []CWE{502}, nil},
	{"regex-dos", "Inefficient regular expression", []CWE{1333}, nil},
	{"decompression-bomb", "Decompression bomb", []CWE{409}, nil},

	// Injection, by the language that is injected.
	{"sql-injection", "SQL injection", []CWE{89}, nil},
	{"ldap-injection", "LDAP injection", []CWE{90}, nil},
	{"xpath-injection", "XPath or XQuery injection", []CWE{643, 652}, nil},
	{"nosql-injection", "Query injection", []CWE{943}, nil},
	{"template-injection", "Template injection", []CWE{1336}, nil},
	{"expression-injection", "Expression language injection", []CWE{917}, nil},
	{"prompt-injection", "Prompt injection", []CWE{1427}, nil},
	{"formula-injection", "Spreadsheet formula injection", []CWE{1236}, nil},
	{"unsafe-reflection", "Unsafe reflection", []CWE{470}, nil},
	{"os-command-injection", "Command injection", []CWE{77, 78, 88}, nil},
	{"code-injection", "Code injection", []CWE{94, 624}, nil},
	{"format-string", "Uncontrolled format string", []CWE{134}, nil},
	{"log-injection", "Log injection", []CWE{117}, nil},
	{"header-injection", "Header injection", []CWE{93, 113, 644}, nil},
	{"xss", "Cross-site scripting", []CWE{79}, nil},
	{"xml-injection", "XML injection", []CWE{91}, nil},

	// Files and addresses that the caller chooses.
	{"file-inclusion", "File inclusion", []CWE{98}, nil},
	{"file-upload", "Unrestricted file upload", []CWE{434}, nil},
	{"link-following", "Link following", []CWE{59}, nil},
	{"untrusted-search-path", "Untrusted search path", []CWE{114, 426, 427, 428}, nil},
	{"path-traversal", "Path traversal", []CWE{22, 41, 73}, nil},
	{"ssrf", "Server-side request forgery", []CWE{918}, nil},
	{"open-redirect", "Open redirect", []CWE{601}, nil},
	{"request-smuggling", "HTTP request smuggling", []CWE{444}, nil},

	// The browser's side.
	{"cookie-secure", "Cookie without Secure", []CWE{614}, nil},
	{"cookie-httponly", "Cookie without HttpOnly", []CWE{1004}, nil},
	{"cookie-samesite", "Cookie with improper SameSite", []CWE{1275}, nil},
	{"csrf", "Cross-site request forgery", []CWE{352}, nil},
	{"clickjacking", "Clickjacking", []CWE{1021}, nil},
	{"tabnabbing", "Reverse tabnabbing", []CWE{1022}, nil},
	{"cross-origin", "Permissive or missing origin check", []CWE{346, 942}, nil},
	{"session-fixation", "Session fixation", []CWE{384}, nil},
	{"session-expiration", "Insufficient session expiration", []CWE{613}, nil},

	// Credentials and cryptography.
	{"hardcoded-credentials", "Hard-coded credentials", []CWE{798}, nil},
	{"default-credentials", "Default credentials", []CWE{1392}, nil},
	{"weak-hash", "Weak hash", []CWE{328}, nil},
	{"predictable-iv", "Predictable or reused IV or nonce", []CWE{323, 329, 1204}, nil},
	{"tls-validation", "Improper certificate validation", []CWE{295}, nil},
	{"signature-verification", "Improper signature verification", []CWE{347}, nil},
	{"weak-random", "Weak randomness", []CWE{330}, nil},
	{"weak-crypto", "Weak cryptography", []CWE{326, 327}, nil},
	{"password-policy", "Weak password requirements", []CWE{521}, nil},
	{"password-recovery", "Weak password recovery or change", []CWE{620, 640}, nil},
	{"brute-force", "Missing limit on attempts", []CWE{307, 799}, nil},

	// Data that gets out.
	{"log-exposure", "Sensitive data in logs", []CWE{532}, nil},
	{"cleartext-transmission", "Cleartext transmission", []CWE{319, 523}, nil},
	{"cleartext-storage", "Cleartext storage", []CWE{256, 257, 311, 312}, nil},
	{"credential-protection", "Insufficiently protected credentials", []CWE{522}, nil},
	{"sensitive-cache", "Sensitive data in a cache", []CWE{524}, nil},
	{"debug-code", "Debug code or interface left active", []CWE{215, 489}, nil},
	{"directory-listing", "Directory listing", []CWE{548}, nil},
	{"observable-discrepancy", "Observable difference in answers or timing", []CWE{203}, nil},
	{"temporary-file", "Insecure temporary file", []CWE{377}, nil},
	{"exposed-file", "File or directory accessible to outsiders", []CWE{552}, nil},
	{"information-exposure", "Information exposure", []CWE{200, 202, 1230}, nil},

	// Memory and numbers.
	{"use-after-free", "Use after free", []CWE{416, 825}, nil},
	{"double-free", "Double free", []CWE{415}, nil},
	{"uninitialised", "Use of an uninitialised resource", []CWE{456, 824, 908}, nil},
	{"null-dereference", "Null dereference", []CWE{476, 690}, nil},
	{"type-confusion", "Type confusion", []CWE{843}, nil},
	{"out-of-bounds-read", "Out-of-bounds read", []CWE{125}, nil},
	{"buffer-overflow", "Out-of-bounds write or access", []CWE{119, 787}, nil},
	{"integer-overflow", "Integer overflow", []CWE{190, 191}, nil},
	{"numeric-conversion", "Lossy numeric conversion", []CWE{681}, nil},
	{"divide-by-zero", "Division by zero", []CWE{369}, nil},

	// Resources and concurrency.
	{"memory-leak", "Memory leak", []CWE{401}, nil},
	{"resource-leak", "Resource leak", []CWE{772}, []CWE{404}},
	{"race-condition", "Race condition", []CWE{362}, nil},
	{"locking", "Improper locking", []CWE{667}, nil},
	{"infinite-loop", "Infinite loop", []CWE{835}, nil},
	{"uncontrolled-recursion", "Uncontrolled recursion", []CWE{674}, nil},
	{"resource-consumption", "Uncontrolled resource consumption", []CWE{400, 405, 770}, nil},

	// Who may do what.
	{"exported-component", "Component exported to other applications", []CWE{926}, nil},
	{"permissions", "Incorrect permissions", []CWE{276, 732}, nil},
	{"excessive-privilege", "Excessive privilege", []CWE{250, 269}, nil},
	{"access-control", "Missing or incorrect access control", []CWE{285, 306, 862, 863}, []CWE{284}},
	{"authentication", "Improper authentication", []CWE{287, 1390}, nil},
	{"trust-boundary", "Trust boundary violation", []CWE{501}, nil},

	// Where code and components come from.
	{"missing-integrity-check", "Missing integrity check", []CWE{353, 354, 494}, nil},
	{"untrusted-inclusion", "Code included from an untrusted source", []CWE{829}, nil},
	{"unmaintained-component", "Unmaintained component", []CWE{1104}, nil},
	{"vulnerable-component", "Vulnerable component", []CWE{1395}, []CWE{937, 1035, 1352}},

	// Widest last.
	{"dangerous-function", "Dangerous function", []CWE{242, 676}, nil},
	{"insecure-default", "Insecure default", []CWE{1188}, nil},
	{"error-handling", "Improper error handling", []CWE{754, 755}, []CWE{397, 703}},
}
