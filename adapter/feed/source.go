package feed

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Source is a place to fetch a feed from.
type Source struct {
	Kind Kind
	URL  string
	// Publisher and Terms are shown to people; EPSS asks for attribution.
	Publisher string
	Terms     string
}

// Official returns the publishers' own addresses.
func Official() []Source {
	return []Source{
		{EPSS, "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz", "FIRST.org EPSS SIG", "free to use with attribution: EPSS, https://www.first.org/epss"},
		{KEV, "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json", "CISA", "CC0 1.0"},
		{ExploitDB, "https://gitlab.com/exploit-database/exploitdb/-/raw/main/files_exploits.csv", "OffSec", "GPL-2.0; only identifiers and dates are kept"},
		{Metasploit, "https://raw.githubusercontent.com/rapid7/metasploit-framework/master/db/modules_metadata_base.json", "Rapid7", "BSD-3-Clause"},
		{Nuclei, "https://raw.githubusercontent.com/projectdiscovery/nuclei-templates/main/cves.json", "ProjectDiscovery", "MIT"},
	}
}

// Mirror points sources at a mirror that holds the same file names in one
// folder: "https://mirror.example/feeds" serves
// "https://mirror.example/feeds/epss_scores-current.csv.gz". Networks
// without a way out use it.
func Mirror(sources []Source, base string) ([]Source, error) {
	b, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("feed mirror %q: %w", base, err)
	}
	if b.Scheme != "http" && b.Scheme != "https" || b.Host == "" {
		return nil, fmt.Errorf("feed mirror %q: want an http or https address", base)
	}
	out := make([]Source, len(sources))
	for i, s := range sources {
		u, err := url.Parse(s.URL)
		if err != nil {
			return nil, fmt.Errorf("address of the %s feed %q: %w", s.Kind, s.URL, err)
		}
		moved := *b
		moved.Path = strings.TrimSuffix(b.Path, "/") + "/" + path.Base(u.Path)
		out[i] = s
		out[i].URL = moved.String()
	}
	return out, nil
}
