package sensor

// Subject is what scanners look for. Where one of a subject runs, the
// detector inside Stance that stands in for it does not.
type Subject string

// The subjects.
const (
	Secrets    Subject = "secrets"
	Code       Subject = "code"
	Components Subject = "components" // components with known flaws
	Config     Subject = "configuration"
	Inventory  Subject = "inventory" // a bill of materials
	// Ecosystem is what tools know that read the lock files of one package
	// manager: they stand in for nobody who reads all.
	Ecosystem Subject = "components of one ecosystem"
)

// Scanner is an entry of the table: a tool, what it needs and how it is run.
type Scanner struct {
	// Name is what --only and --skip take.
	Name string
	// Command is the program looked for in PATH; a detector inside Stance has
	// none.
	Command string
	// Subjects are what it looks for.
	Subjects []Subject
	// Ways are its ways to be called; the first whose needs the tree meets is
	// taken.
	Ways []Way
	// Stdout says that the report comes on standard output. Otherwise it is
	// the file {report}.
	Stdout bool
	// Suffix ends the name of the report's file.
	Suffix string
	// Format is how the report is read: said, not detected, because a report
	// of nothing (such as []) could be anybody's. Tool is its name where the
	// report's own would not do.
	Format, Tool string
	// Ran are the exit codes besides 0 that still mean it ran to its end, and
	// Idle those that mean there was nothing for it to look at.
	Ran, Idle []int
	// Quiet keeps what it writes to standard error off the terminal: a tool
	// that looks for secrets may print them there.
	Quiet bool
}

// Way is one way to call a scanner.
type Way struct {
	// Needs are the traits that the tree must have, all of them.
	Needs []Trait
	// Each, when set, calls the scanner once in each folder with files of
	// that trait; otherwise it is called once, in the root.
	Each Trait
	// Args are its arguments. {report} is the file to write, {folder} the one
	// that it is in, {sbom} the bill of materials made before, and {files},
	// alone, becomes all files of the trait in Each or, without it, in Needs.
	Args []string
}

// Inside reports whether the scanner is part of Stance.
func (s Scanner) Inside() bool { return s.Command == "" }
