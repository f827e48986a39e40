//go:build unix

package scanner

import (
	"errors"
	"os/exec"
	"syscall"
)

// runGroup runs a command as the leader of a process group of its own, and
// ends the whole group when the context ends, or when the leader does: what
// a scanner starts does not outlive it.
func runGroup(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return nil // nobody is left
		}
		return err
	}
	cmd.Cancel = kill
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	// A member that may not be signalled (it changed its user) stays.
	_ = kill()
	return err
}
