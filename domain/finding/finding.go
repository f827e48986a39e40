// Package finding holds the central words of Stance: the observation as a
// tool made it, the finding that one or more observations stand behind, how
// a finding's identity is made, and the states it goes through.
//
// Nothing here reads, writes or asks the time.
package finding
