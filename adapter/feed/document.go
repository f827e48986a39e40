package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/weakness"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// kev reads CISA's catalogue, by the schema published with it: an object with
// catalogVersion, dateReleased, count and the array vulnerabilities. A count
// that does not fit the array means a file that was cut and mended.
func (p *parser) kev() error {
	d := decoder(p.in)
	promised, n := -1, 0
	listed := false
	err := object(d, func(name string) error {
		switch name {
		case "catalogVersion":
			return value(d, &p.Version)
		case "dateReleased":
			var s string
			if err := value(d, &s); err != nil {
				return err
			}
			if t, err := dateOf(s); err == nil {
				p.AsOf = t
			}
			return nil
		case "count":
			return value(d, &promised)
		case "vulnerabilities":
			listed = true
			return array(d, func() error {
				n++
				return p.kevEntry(d, n)
			})
		}
		return d.SkipValue()
	})
	switch {
	case err != nil:
		return truncated(err)
	case p.stopped != nil:
		return nil
	case !listed:
		return fmt.Errorf("%w: the document has no vulnerabilities", ErrNotFeed)
	case promised >= 0 && promised != n:
		return fmt.Errorf("%w: it promises %d entries and has %d", ErrTruncated, promised, n)
	}
	return nil
}

func (p *parser) kevEntry(d *jsontext.Decoder, n int) error {
	var e struct {
		CVE        string   `json:"cveID"`
		Name       string   `json:"vulnerabilityName"`
		Added      string   `json:"dateAdded"`
		Due        string   `json:"dueDate"`
		Ransomware string   `json:"knownRansomwareCampaignUse"`
		CWEs       []string `json:"cwes"`
	}
	if ok, err := p.entry(d, n, &e); !ok {
		return err
	}
	id, err := cveOf(e.CVE)
	if err != nil {
		p.bad(n, "%v", err)
		return nil
	}
	k := enrich.KEV{Name: e.Name, Ransomware: strings.EqualFold(e.Ransomware, "Known")}
	if k.DateAdded, err = dateOf(e.Added); err != nil {
		p.bad(n, "%s: dateAdded: %v", id, err)
		return nil
	}
	if e.Due != "" {
		if k.DueDate, err = dateOf(e.Due); err != nil {
			p.bad(n, "%s: dueDate: %v", id, err)
			return nil
		}
	}
	row := Row{CVE: id, KEV: k}
	for _, s := range e.CWEs {
		if c, ok := weakness.ParseCWE(s); ok {
			row.CWEs = append(row.CWEs, int(c))
		}
	}
	p.add(row)
	return p.stopped
}

// metasploit reads the framework's module index: an object with one member a
// module, whose references name CVEs. Modules that exploit, or that scan and
// attack (auxiliary), count as weaponised; payloads and the like name no CVE,
// and post modules work on a host already taken.
func (p *parser) metasploit() error {
	d := decoder(p.in)
	n := 0
	err := object(d, func(string) error {
		n++
		var m struct {
			Fullname   string   `json:"fullname"`
			Type       string   `json:"type"`
			Disclosure string   `json:"disclosure_date"`
			References []string `json:"references"`
		}
		if ok, err := p.entry(d, n, &m); !ok {
			return err
		}
		if m.Fullname == "" {
			p.bad(n, "a module without a fullname")
			return nil
		}
		// disclosure_date is when the flaw became known, not when the module
		// was written, so there is no first sighting to be had here.
		x := enrich.Exploit{Maturity: enrich.MaturityWeaponised, Sources: []string{"Metasploit"}}
		found := false
		for _, ref := range m.References {
			id, err := advisory.Parse(ref)
			if err != nil || id.Kind() != advisory.CVE || m.Type == "post" {
				continue
			}
			found = true
			if !p.add(Row{CVE: id, Exploit: x}) {
				return p.stopped
			}
		}
		if !found {
			p.Empty++
		}
		return nil
	})
	if err != nil {
		return truncated(err)
	}
	return nil
}

// nuclei reads the template index: one JSON object a line. A template sends
// the request that triggers the flaw and judges the answer, so it counts as a
// functional exploit.
func (p *parser) nuclei() error {
	for line := 1; p.stopped == nil; line++ {
		b, err := p.in.ReadBytes('\n')
		if len(bytes.TrimSpace(b)) > 0 {
			if bad := p.nucleiLine(b, line); bad != nil {
				if err == io.EOF { // the last line, and it breaks off
					return fmt.Errorf("%w: line %d", ErrTruncated, line)
				}
				p.bad(line, "%v", bad)
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return truncated(err)
		}
	}
	return nil
}

func (p *parser) nucleiLine(b []byte, line int) error {
	var t struct {
		ID   string `json:"ID"`
		Path string `json:"file_path"`
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("no JSON object: %w", err)
	}
	id, err := advisory.Parse(t.ID)
	if err != nil || id.Kind() != advisory.CVE {
		p.Empty++ // CNVD numbers and the like
		return nil
	}
	p.add(Row{CVE: id, Exploit: enrich.Exploit{Maturity: enrich.MaturityFunctional, Sources: []string{"Nuclei"}}})
	return nil
}

func decoder(r io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(r, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// object reads a JSON object and calls member behind each name; member must
// consume the value. Nothing may follow the object.
func object(d *jsontext.Decoder, member func(name string) error) error {
	if k := d.PeekKind(); k != '{' {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		return fmt.Errorf("%w: the document is no JSON object", ErrNotFeed)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		if t.Kind() == '}' {
			break
		}
		if err := member(t.String()); err != nil {
			return err
		}
	}
	switch _, err := d.ReadToken(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: something follows the JSON document", ErrNotFeed)
}

// array reads a JSON array and calls element before each value.
func array(d *jsontext.Decoder, element func() error) error {
	t, err := d.ReadToken()
	if err != nil {
		return err
	}
	if t.Kind() != '[' {
		return fmt.Errorf("%w: an array is expected at %s", ErrNotFeed, d.StackPointer())
	}
	for d.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
	}
	_, err = d.ReadToken()
	return err
}

// value reads one JSON value into a variable.
func value(d *jsontext.Decoder, into any) error {
	b, err := d.ReadValue()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%w: %s: %v", ErrNotFeed, d.StackPointer(), err)
	}
	return nil
}

// entry reads the n-th entry; one whose members have other types than the
// schema says is a bad row. ok is false when there is nothing to go on with.
func (p *parser) entry(d *jsontext.Decoder, n int, into any) (ok bool, err error) {
	b, err := d.ReadValue()
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, into); err != nil {
		p.bad(n, "%v", err)
		return false, nil
	}
	return true, nil
}
