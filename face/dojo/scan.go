package dojo

import (
	"net/http"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// scan is the form of an import or re-import, checked. What Stance does not
// act on is checked and given back all the same: a pipeline with a mistake
// learns it here as there.
type scan struct {
	again bool // a re-import

	scanType                    string
	productType, product        string
	engagementName, testTitle   string
	engagement, test            int64
	autoCreate                  bool
	scanDate, endDate           time.Time
	minimum                     finding.Severity
	closeOld, closeProduct      bool
	active, verified            *bool
	service, sourceURI          string
	version, build, branch, rev string
	environment                 string
	tags                        []string
	echo                        object
}

// severities in DefectDojo's order and spelling.
var severities = []string{"Critical", "High", "Medium", "Low", "Info"}

var groupings = []string{"component_name", "component_name+component_version", "file_path", "finding_title", "vuln_id_from_tool"}

// readScan checks every field of the form.
func (c *call) readScan(f *form, again bool) (*scan, error) {
	s := &scan{again: again, echo: object{}}
	s.scanType = f.text("scan_type")
	if s.scanType == "" {
		f.bad.add("scan_type", "This field is required.")
	} else if !c.knows(s.scanType) {
		f.bad.add("scan_type", `"`+s.scanType+`" is not a valid choice.`)
	}
	s.productType, s.product = f.short("product_type_name", 100), f.short("product_name", 100)
	s.engagementName, s.testTitle = f.short("engagement_name", 90), f.short("test_title", 90)
	s.engagement, s.test = f.id("engagement"), f.id("test")
	s.autoCreate = f.flag("auto_create_context", false)
	s.scanDate, s.endDate = f.date("scan_date"), f.date("engagement_end_date")
	if s.scanDate.After(c.Now().Add(14 * time.Hour)) { // somewhere it is tomorrow already
		f.bad.add("scan_date", "The scan_date cannot be in the future!")
	}
	minimum := f.choice("minimum_severity", "Info", severities)
	s.minimum = finding.SeverityOfWord(minimum)
	s.closeOld = f.flag("close_old_findings", again)
	s.closeProduct = f.flag("close_old_findings_product_scope", false)
	for name, into := range map[string]**bool{"active": &s.active, "verified": &s.verified} {
		if f.text(name) != "" {
			v := f.flag(name, false)
			*into, s.echo[name] = &v, v
		}
	}
	s.service, s.sourceURI = f.short("service", 200), f.link("source_code_management_uri")
	s.version, s.build, s.branch, s.rev = f.short("version", 100), f.short("build_id", 150), f.short("branch_tag", 300), f.short("commit_hash", 100)
	s.environment = f.short("environment", 200)
	s.tags = f.list("tags")
	for _, name := range []string{"deduplication_on_engagement", "push_to_jira", "apply_tags_to_findings", "apply_tags_to_endpoints", "do_not_reactivate", "create_finding_groups_for_all_findings"} {
		if f.text(name) != "" {
			s.echo[name] = f.flag(name, false)
		}
	}
	for _, name := range []string{"lead", "endpoint_to_add", "api_scan_configuration"} {
		if id := f.id(name); id > 0 {
			s.echo[name] = id
		}
	}
	if g := f.choice("group_by", "", groupings); g != "" {
		s.echo["group_by"] = g
	}
	if mode := f.choice("deduplication_execution_mode", "", []string{"async", "async_wait", "sync"}); mode != "" {
		s.echo["deduplication_execution_mode"] = mode
	}
	if f.file == nil && len(f.bad) == 0 {
		f.bad.add("non_field_errors", "Uploading a Report File is required for "+s.scanType)
	}
	if len(f.bad) > 0 {
		return nil, f.bad
	}
	s.fillEcho(minimum)
	return s, nil
}

// fillEcho keeps what the answer repeats of the form.
func (s *scan) fillEcho(minimum string) {
	s.echo["scan_type"], s.echo["minimum_severity"], s.echo["close_old_findings"] = s.scanType, minimum, s.closeOld
	s.echo["close_old_findings_product_scope"] = s.closeProduct
	for name, v := range map[string]string{"product_type_name": s.productType, "product_name": s.product, "engagement_name": s.engagementName,
		"test_title": s.testTitle, "service": s.service, "source_code_management_uri": s.sourceURI, "version": s.version, "build_id": s.build,
		"branch_tag": s.branch, "commit_hash": s.rev, "environment": s.environment} {
		if v != "" {
			s.echo[name] = v
		}
	}
	if s.autoCreate {
		s.echo["auto_create_context"] = true
	}
	if len(s.tags) > 0 {
		s.echo["tags"] = s.tags
	}
	for name, at := range map[string]time.Time{"scan_date": s.scanDate, "engagement_end_date": s.endDate} {
		if !at.IsZero() {
			s.echo[name] = at.Format(time.DateOnly)
		}
	}
}

// genericSuffix ends the names of types that DefectDojo makes itself of a
// generic report's own type.
const genericSuffix = " (Generic Findings Import)"

func (d *door) knows(scanType string) bool {
	_, ok := d.byName[scanType]
	return ok || len(scanType) > len(genericSuffix) && strings.HasSuffix(scanType, genericSuffix)
}

func (c *call) importScan() { c.take(false) }

func (c *call) reimportScan() { c.take(true) }

// take imports a scan and answers when it is applied.
func (c *call) take(again bool) {
	f, err := c.readForm()
	if err != nil {
		if f == nil && c.r.Header.Get("Content-Type") != "" && strings.Contains(err.Error(), "isn't multipart") {
			c.fail(http.StatusUnsupportedMediaType, `Unsupported media type "`+c.r.Header.Get("Content-Type")+`" in request.`)
			return
		}
		c.problem(err)
		return
	}
	s, err := c.readScan(f, again)
	if err != nil {
		c.problem(err)
		return
	}
	at, err := c.place(s)
	if err != nil {
		c.problem(err)
		return
	}
	before, err := c.before(at)
	if err != nil {
		c.problem(err)
		return
	}
	sub := c.submission(s, f, at)
	if err := sub.Validate(c.Now()); err != nil {
		c.problem(&badContext{err.Error()})
		return
	}
	reports, err := c.Intake.Commit(c.ctx, c.who.Tenant, sub, c.r.Header.Get("Idempotency-Key"), *f.file)
	if err != nil {
		c.problem(err)
		return
	}
	report, done, err := c.await(reports[0])
	if err != nil {
		c.problem(err)
		return
	}
	if report.State == posture.ReportFailed {
		c.send(http.StatusBadRequest, invalid{"file": {"not read as " + s.scanType + ": " + report.Reason}})
		return
	}
	c.answer(s, at, report, before, done)
}

// submission says in our words what the form says of the report.
func (c *call) submission(s *scan, f *form, at *setting) receive.Submission {
	sub := receive.Submission{
		Name: f.name, Application: at.product.Key, Ref: s.branch, Commit: s.rev, Category: at.category(), Part: !s.closeOld && !s.closeProduct, By: c.who.Name,
	}
	if sub.Ref == "" {
		sub.Ref = at.engagementData.Branch
	}
	if sub.Commit == "" {
		sub.Commit = at.engagementData.Commit
	}
	uri := s.sourceURI
	if uri == "" {
		uri = at.engagementData.Source
	}
	switch {
	case s.service != "":
		sub.Asset = s.service
	case uri != "":
		sub.Asset = estate.RepositoryName(uri)
	}
	// The content tells the format. Its name decides only where the content
	// can't: an empty file of a tool that found nothing, and generic reports.
	if t := c.byName[s.scanType]; f.file.Size == 0 || t.Format == "generic" {
		sub.Format = t.Format
	}
	// A date of today says nothing that the report doesn't know better.
	if now := c.Now().UTC(); !s.scanDate.IsZero() && s.scanDate.Format(time.DateOnly) < now.Format(time.DateOnly) {
		sub.ScannedAt = s.scanDate
	}
	return sub
}

const (
	defaultWait = 5 * time.Minute
	lookEvery   = 20 * time.Millisecond
)

// await follows a report until it is applied; false when that takes too long.
func (c *call) await(r posture.Report) (posture.Report, bool, error) {
	wait := c.Wait
	if wait == 0 {
		wait = defaultWait
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for r.State == posture.ReportAccepted || r.State == posture.ReportApplying {
		select {
		case <-c.ctx.Done():
			return r, false, c.ctx.Err()
		case <-end.C:
			return r, false, nil
		case <-tick.C:
		}
		var err error
		if r, err = c.Reports.Report(c.ctx, c.who.Tenant, r.ID); err != nil {
			return r, false, err
		}
	}
	return r, true, nil
}

// answer tells the client where everything went.
func (c *call) answer(s *scan, at *setting, r posture.Report, before []posture.StateCount, done bool) {
	if err := c.keepTest(s, at, r); err != nil {
		c.problem(err)
		return
	}
	out := s.echo
	out["test"], out["test_id"], out["engagement_id"] = at.test.ID, at.test.ID, at.engagement.ID
	out["product_id"], out["product_type_id"] = at.product.id, at.product.unit
	out["pro"] = []string{}
	// What our own API calls it, for whoever wants to know more.
	out["stance"] = object{"report": r.ID, "state": r.State, "reason": r.Reason, "application": r.Application, "asset": r.Asset,
		"records": r.Result.Records, "quarantined": r.Result.Quarantined, "notes": r.Result.Notes}
	if !done { // it is durable and goes on
		out["statistics"], out["deduplication_complete"] = object{}, false
		c.send(http.StatusAccepted, out)
		return
	}
	stats, err := c.statistics(s, at, r, before)
	if err != nil {
		c.problem(err)
		return
	}
	out["statistics"], out["deduplication_complete"] = stats, true
	c.send(http.StatusCreated, out)
}
