package weakness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want []int
	}{
		{[]string{"79"}, []int{79}},
		{[]string{" 79 ", "CWE-89", "cwe-79"}, []int{79, 89}},
		{[]string{"CWE-120: Buffer copy | cwe_20, CWE:22 and CWE 352"}, []int{120, 20, 22, 352}},
		{[]string{"https://cwe.mitre.org/data/definitions/798.html"}, []int{798}},
		{[]string{"0", "-1", "CWE-0", "NVD-CWE-noinfo", "none", "", "cwe"}, nil},
		{[]string{"20240101", "CWE-99999999999999999999"}, nil},
	} {
		if diff := cmp.Diff(c.want, Numbers(c.in...)); diff != "" {
			t.Errorf("Numbers(%q) (-want +got):\n%s", c.in, diff)
		}
	}
}
