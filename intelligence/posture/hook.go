package posture

import "time"

// Hook is an address that takes signed reports.
type Hook struct {
	ID     string            // unguessable; a part of the address
	Name   string            // who sends, as the history names it
	Fields map[string]string // what is said of every report, by the names of receive.FieldNames
	By     string
	At     time.Time
	// Secret is what senders sign with, encrypted.
	Secret []byte
}
