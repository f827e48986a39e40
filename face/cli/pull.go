package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/face/httpapi"
)

// pullVariables are where build services tell of the pull request that a
// build is for: its number (or an address or ref that holds it), the branch
// it is to go to, and the commit that is proposed. Each by its vendor's
// documentation.
var pullVariables = [...]struct{ number, target, commit string }{
	{"GITHUB_REF", "GITHUB_BASE_REF", ""}, // refs/pull/42/merge; the commit is that of the merge
	{"CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "CI_COMMIT_SHA"},
	{"SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_TARGETBRANCH", "SYSTEM_PULLREQUEST_SOURCECOMMITID"},
	{"SYSTEM_PULLREQUEST_PULLREQUESTID", "SYSTEM_PULLREQUEST_TARGETBRANCH", "SYSTEM_PULLREQUEST_SOURCECOMMITID"},
	{"BITBUCKET_PR_ID", "BITBUCKET_PR_DESTINATION_BRANCH", "BITBUCKET_COMMIT"},
	{"CIRCLE_PULL_REQUEST", "", "CIRCLE_SHA1"},   // https://host/acme/shop/pull/42
	{"CHANGE_ID", "CHANGE_TARGET", "GIT_COMMIT"}, // Jenkins, multibranch
}

// fromBuild fills in what a build service says of a pull request. A flag that
// names a ref or a pull request outranks it.
func (o *importOptions) fromBuild(getenv func(string) string) {
	if o.pull != "" || o.ref != "" {
		return
	}
	for _, v := range pullVariables {
		number := pullNumber(v.number, getenv(v.number))
		if number == "" {
			continue
		}
		o.pull = number
		if o.target == "" && v.target != "" {
			o.target = strings.TrimPrefix(getenv(v.target), "refs/heads/")
		}
		if o.commit == "" && v.commit != "" {
			o.commit = getenv(v.commit)
		}
		return
	}
}

// pullNumber takes the number out of a variable's value, "" when it has none.
func pullNumber(variable, value string) string {
	switch variable {
	case "GITHUB_REF":
		rest, ok := strings.CutPrefix(value, "refs/pull/")
		if !ok {
			return "" // a push
		}
		value, _, _ = strings.Cut(rest, "/")
	case "CIRCLE_PULL_REQUEST":
		value = value[strings.LastIndexByte(value, '/')+1:]
	}
	if _, err := estate.PullRef(value); err != nil {
		return ""
	}
	return value
}

// printPull says what the imported pull request brings against its target.
func (a *App) printPull(ctx context.Context, c *client, rs []httpapi.Report, o importOptions) error {
	ref, err := estate.PullRef(o.pull)
	if err != nil {
		return err
	}
	var apps []string
	for _, r := range rs {
		if r.Application != "" && r.State != "failed" && !slices.Contains(apps, r.Application) {
			apps = append(apps, r.Application)
		}
	}
	against := o.target
	if against == "" {
		against = "the default branch"
	}
	for _, app := range apps {
		q := url.Values{"ref": {ref}}
		if o.target != "" {
			q.Set("base", o.target)
		}
		var d httpapi.Diff
		if err := c.call(ctx, http.MethodGet, "/api/v1/applications/"+app+"/diff", q, nil, &d); err != nil {
			return fmt.Errorf("compare pull request %s with %s: %w", o.pull, against, err)
		}
		more := ""
		if d.Cut {
			more = " or more"
		}
		fmt.Fprintf(a.Out, "\n%s: pull request %s brings %d%s new findings against %s, takes %d away and leaves %d\n", app, o.pull, len(d.New), more, against, len(d.Gone), d.Same)
		for _, name := range d.Unscanned {
			fmt.Fprintf(a.Out, "  no scan of %s of %s is known: all that was found there is called new\n", against, name)
		}
		for i, f := range d.New {
			if i == maxPrintedNew {
				fmt.Fprintf(a.Out, "  … and %d more: GET /api/v1/applications/%s/diff?%s\n", len(d.New)-i, app, q.Encode())
				break
			}
			fmt.Fprintf(a.Out, "  %-8s  %s  %s\n", f.Severity, cut(f.Title, 70), f.Place)
		}
	}
	return nil
}

// maxPrintedNew is how many new findings are printed of an application.
const maxPrintedNew = 50
