package cli

import "testing"

// TestFromBuild: every build service tells of a pull request in its own
// variables; a push tells of none, and flags outrank them.
func TestFromBuild(t *testing.T) {
	for name, c := range map[string]struct {
		env                  map[string]string
		had                  importOptions
		pull, target, commit string
	}{
		"GitHub Actions":  {env: map[string]string{"GITHUB_REF": "refs/pull/42/merge", "GITHUB_BASE_REF": "main"}, pull: "42", target: "main"},
		"GitHub push":     {env: map[string]string{"GITHUB_REF": "refs/heads/42"}},
		"GitLab":          {env: map[string]string{"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "develop", "CI_COMMIT_SHA": "abc"}, pull: "7", target: "develop", commit: "abc"},
		"Azure Repos":     {env: map[string]string{"SYSTEM_PULLREQUEST_PULLREQUESTID": "9", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, pull: "9", target: "main"},
		"Azure, GitHub":   {env: map[string]string{"SYSTEM_PULLREQUEST_PULLREQUESTID": "112233", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "12"}, pull: "12"},
		"Bitbucket":       {env: map[string]string{"BITBUCKET_PR_ID": "3", "BITBUCKET_PR_DESTINATION_BRANCH": "main"}, pull: "3", target: "main"},
		"CircleCI":        {env: map[string]string{"CIRCLE_PULL_REQUEST": "https://host.test/acme/shop/pull/55", "CIRCLE_SHA1": "def"}, pull: "55", commit: "def"},
		"Jenkins":         {env: map[string]string{"CHANGE_ID": "8", "CHANGE_TARGET": "main", "GIT_COMMIT": "abc"}, pull: "8", target: "main", commit: "abc"},
		"Jenkins, Gerrit": {env: map[string]string{"CHANGE_ID": "I8473b95934b5732ac55d26311a706c9c2bde9940"}},
		"a ref is said":   {env: map[string]string{"CHANGE_ID": "8"}, had: importOptions{ref: "main"}},
		"flags outrank":   {env: map[string]string{"CHANGE_ID": "8", "CHANGE_TARGET": "main"}, had: importOptions{pull: "9", target: "next"}, pull: "9", target: "next"},
		"no build":        {},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.had
			o.fromBuild(func(k string) string { return c.env[k] })
			if o.pull != c.pull || o.target != c.target || o.commit != c.commit {
				t.Errorf("pull %q, target %q, commit %q; want %q, %q, %q", o.pull, o.target, o.commit, c.pull, c.target, c.commit)
			}
		})
	}
}
