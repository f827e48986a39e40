// Package finding holds the central words of Stance: the observation as a
// tool made it, the finding that one or more observations stand behind, how
// a finding's identity is made, and the states it goes through.
//
// Nothing here reads, writes or asks the time.
package finding

import (
	"fmt"

	"github.com/google/uuid"
)

// ID identifies a finding for its whole life: a UUIDv7, sortable by creation.
type ID uuid.UUID

// String returns the canonical form.
func (id ID) String() string { return uuid.UUID(id).String() }

// ParseID reads the canonical form.
func ParseID(s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return ID{}, fmt.Errorf("finding id %q: want a UUID", s)
	}
	return ID(u), nil
}
