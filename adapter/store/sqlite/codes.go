package sqlite

import (
	"slices"

	"github.com/stance-aspm/stance/domain/finding"
)

// Words are stored as small numbers. The orders below are part of the
// record's format: new words go to the end.
var (
	kindCodes   = []finding.Kind{"", finding.Vulnerability, finding.Code, finding.Secret, finding.Misconfiguration, finding.Dynamic, finding.Licence, finding.Quality}
	statusCodes = []finding.Status{"", finding.Open, finding.Resolved, finding.FalsePositive, finding.Accepted, finding.NotAffected, finding.Suppressed}
	claimCodes  = []finding.ClaimState{
		finding.ClaimNone, finding.ClaimAffected, finding.ClaimUnderReview, finding.ClaimNotAffected, finding.ClaimFalsePositive,
		finding.ClaimAccepted, finding.ClaimFixed, finding.ClaimAbsent, finding.ClaimSuppressedByTool,
	}
)

const (
	branchOnly = 16 // added to a status: the finding is on other refs than the default one only
	vexClaim   = 64 // added to a claim: a VEX statement makes it
)

func code[T comparable](list []T, v T) int { return max(slices.Index(list, v), 0) }

func word[T any](list []T, i int) T {
	if i < 0 || i >= len(list) {
		i = 0
	}
	return list[i]
}

func statusCode(s finding.Status, branch bool) int {
	c := code(statusCodes, s)
	if branch {
		c += branchOnly
	}
	return c
}
