//go:build !unix

package scanner

import "os/exec"

// runGroup runs a command. Without process groups only the command itself is
// ended when the context ends.
func runGroup(cmd *exec.Cmd) error { return cmd.Run() }
