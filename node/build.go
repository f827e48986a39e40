package node

import (
	"fmt"
	"os"
	"runtime/debug"
)

// build names the running program so exactly that another build of it has
// another name: version and revision, and size and time of the file, which
// also tell apart what is built from files that were not committed. "" when
// the program can't find its own file.
func build() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	st, err := os.Stat(path)
	if err != nil {
		return ""
	}
	name := fmt.Sprintf("%d %d", st.Size(), st.ModTime().UnixNano())
	if info, ok := debug.ReadBuildInfo(); ok {
		name += " " + info.Main.Version + " " + info.Main.Sum
	}
	return name
}
