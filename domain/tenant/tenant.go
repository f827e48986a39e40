// Package tenant names the isolated organisation that every row, key and
// query belongs to.
package tenant

import "fmt"

// ID identifies a tenant. It is a small positive number because it leads
// every key and index of the record: a short id costs one byte in SQLite.
type ID int64

// Default is the tenant of an embedded installation: the first one, made at
// first start.
const Default ID = 1

// Valid reports whether the id can name a tenant; zero never does, so a
// forgotten tenant fails instead of reading another's rows.
func (id ID) Valid() bool { return id > 0 }

// String returns the decimal form.
func (id ID) String() string { return fmt.Sprintf("%d", int64(id)) }
