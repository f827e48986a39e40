package advisory

// form is how what follows a family's prefix is spelled.
type form uint8

const (
	keep form = iota // as written: package names, base-36 numbers
	upper
	lower
	yearColon // "YYYY:number", often written with a hyphen
)

// family is one publisher's numbering.
type family struct {
	prefix string // in its publisher's spelling, with the separator
	kind   Kind
	form   form
}

// families is searched from top to bottom, so a longer prefix stands before
// one that it starts with. GHSA and CVE have a syntax of their own and are
// not here. The OSV prefixes are those of the OSV schema's list of databases.
var families = [...]family{
	// Announcements of updates: one may repair many flaws.
	{"RHSA-", Distribution, yearColon}, {"RHBA-", Distribution, yearColon}, {"RHEA-", Distribution, yearColon},
	{"ALSA-", Distribution, yearColon}, {"ALBA-", Distribution, yearColon}, {"ALEA-", Distribution, yearColon},
	{"RLSA-", Distribution, yearColon}, {"RXSA-", Distribution, yearColon},
	{"ELSA-", Distribution, upper}, {"ELBA-", Distribution, upper}, {"CESA-", Distribution, yearColon},
	{"ALAS2LIVEPATCH-", Distribution, upper}, {"ALAS2023LIVEPATCH-", Distribution, upper},
	{"ALAS2023", Distribution, upper}, {"ALAS2", Distribution, upper}, {"ALAS", Distribution, upper},
	{"SUSE-SU-", Distribution, yearColon}, {"SUSE-RU-", Distribution, yearColon}, {"SUSE-FU-", Distribution, yearColon}, {"SUSE-OU-", Distribution, yearColon},
	{"openSUSE-SU-", Distribution, yearColon}, {"openSUSE-RU-", Distribution, yearColon},
	{"DSA-", Distribution, upper}, {"DLA-", Distribution, upper}, {"DTSA-", Distribution, upper},
	{"USN-", Distribution, upper}, {"LSN-", Distribution, upper}, {"GLSA-", Distribution, upper},
	{"FEDORA-", Distribution, keep}, {"MGASA-", Distribution, upper}, {"PHSA-", Distribution, upper},
	{"openEuler-SA-", Distribution, upper}, {"FreeBSD-SA-", Distribution, keep}, {"ASA-", Distribution, keep},
	{"BELL-SA-", Distribution, upper}, {"MFSA", Distribution, keep}, {"cisco-sa-", Distribution, keep},

	// One flaw a record.
	{"GO-", OSV, upper}, {"PYSEC-", OSV, upper}, {"PSF-", OSV, upper}, {"RUSTSEC-", OSV, upper}, {"MAL-", OSV, upper},
	{"OSV-", OSV, upper}, {"HSEC-", OSV, upper}, {"RSEC-", OSV, upper}, {"JLSEC-", OSV, upper}, {"EEF-", OSV, upper},
	{"GSD-", OSV, upper}, {"UVI-", OSV, upper}, {"ASB-A-", OSV, upper}, {"PUB-A-", OSV, upper}, {"LBSEC-", OSV, upper},
	{"CURL-", OSV, upper}, {"UBUNTU-CVE-", OSV, upper}, {"DEBIAN-CVE-", OSV, upper}, {"ALPINE-CVE-", OSV, upper},
	{"ECHO-", OSV, keep}, {"MINI-", OSV, keep}, {"CGA-", OSV, lower}, {"CLEANSTART-", OSV, upper}, {"AZL-", OSV, upper},
	{"BIT-", OSV, lower}, {"DRUPAL-", OSV, upper}, {"V8-", OSV, keep}, {"OESA-", Distribution, upper}, {"KUBE-", OSV, upper},

	// Tools' and countries' own databases.
	{"SNYK-", Vendor, upper}, {"npm:", Vendor, lower}, {"sonatype-", Vendor, lower}, {"WS-", Vendor, upper}, {"PRISMA-", Vendor, upper},
	{"GMS-", Vendor, upper}, {"PVE-", Vendor, upper}, {"NSWG-", Vendor, upper}, {"VULNDB-", Vendor, upper}, {"TEMP-", Vendor, upper},
	{"CNVD-", Vendor, upper}, {"CNNVD-", Vendor, upper}, {"JVNDB-", Vendor, upper}, {"JVN", Vendor, upper}, {"EUVD-", Vendor, upper},
	{"GCVE-", Vendor, upper}, {"BDU:", Vendor, upper}, {"ZDI-", Vendor, upper}, {"TALOS-", Vendor, upper}, {"XRAY-", Vendor, upper},
	{"AVD-", Vendor, upper}, {"JSA", Vendor, upper}, {"KB", Vendor, upper}, {"ADV", Vendor, upper},
}

// familyOf finds the family by prefix, in any letter case, and returns the
// rest. A digit must stand in the rest: "GO-HOME" is no advisory. Prefixes
// without a separator ("ALAS", "KB") need their digit or a hyphen at once.
func familyOf(s string) (family, string, bool) {
	for i := range families {
		f := &families[i]
		rest, ok := cutPrefixFold(s, f.prefix)
		if !ok || rest == "" {
			continue
		}
		last := f.prefix[len(f.prefix)-1]
		switch {
		case f.prefix == "ALAS" && alasKernel(rest):
		case last != '-' && last != ':' && !isDigit(rest[0]) && rest[0] != '-' && rest[0] != '#':
			continue
		}
		for j := range len(rest) {
			if isDigit(rest[j]) {
				return *f, rest, true
			}
		}
	}
	return family{}, "", false
}

// alasKernel accepts Amazon's topic repositories, whose name follows ALAS
// without a hyphen: "ALASKERNEL-5.10-2022-003", "ALASDOCKER-2021-005".
func alasKernel(rest string) bool {
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '-':
			return i > 0
		case c|0x20 < 'a' || c|0x20 > 'z':
			return false
		}
	}
	return false
}
