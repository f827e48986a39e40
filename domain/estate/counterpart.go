package estate

import "time"

// Counterpart is what clients of another product's API name by a number or a
// UUID and what we have no row of that shape for: a DefectDojo engagement or
// test, a Dependency-Track project. The number is stable: what an answer
// said can be used in later requests.
type Counterpart struct {
	// Kind says of which product and of what sort it is; numbers count
	// within a kind.
	Kind string
	ID   int64
	// UID is a UUID for products whose clients want one.
	UID string
	// Parent is the number of what it belongs to, 0 for none. Kind, parent
	// and name identify it.
	Parent int64
	Name   string
	// Data is JSON that only the door which made it reads.
	Data    []byte
	Created time.Time
}
