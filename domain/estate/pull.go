package estate

import (
	"fmt"
	"strconv"
	"strings"
)

// pullPrefix begins the refs of pull requests, merge requests and their like.
// GitHub keeps them there; we write those of every host so.
const pullPrefix = "refs/pull/"

// PullRef is the ref under which scans of a pull request are kept. The number
// is the host's own, from 1.
func PullRef(number string) (string, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 63)
	if err != nil || n == 0 {
		return "", fmt.Errorf("pull request %q: want its number, such as 42", number)
	}
	return pullPrefix + strconv.FormatUint(n, 10), nil
}

// IsPull reports whether a ref is of a pull request: what is found there is
// only proposed and never counts for the asset.
func IsPull(ref string) bool { return strings.HasPrefix(ref, pullPrefix) }
