package dojo

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// The kinds of numbers that this door gives out.
const (
	kindUnit       = "dojo/product_type" // named by the business unit
	kindProduct    = "dojo/product"      // named by the application's key
	kindEngagement = "dojo/engagement"   // of a product
	kindTest       = "dojo/test"         // of an engagement, named by scan type and title
	kindFinding    = "dojo/finding"      // named by the finding's id
)

// noUnit is what an application without a business unit belongs to: every
// product of DefectDojo has a type.
const noUnit = "Unassigned"

// engagementData is what the door keeps of an engagement. Stance acts on the
// branch, the commit and the address of the source.
type engagementData struct {
	Branch, Commit, Source string
	// Said is what a client said besides, given back as it was.
	Said map[string]any `json:",omitempty"`
}

// testData is what the door keeps of a test.
type testData struct {
	ScanType, Title string
	Report          string // the last one
	Verified        bool
	Said            map[string]any `json:",omitempty"`
}

// product is an application with its numbers.
type product struct {
	posture.ApplicationSummary
	id, unit int64
}

// unitName is the product type's name.
func (p *product) unitName() string {
	if p.Unit == "" {
		return noUnit
	}
	return p.Unit
}

// setting is where a scan belongs.
type setting struct {
	product        product
	engagement     estate.Counterpart
	engagementData engagementData
	test           estate.Counterpart
	testData       testData
}

// category keeps the engagement's tests apart: scans of another engagement or
// title do not replace each other.
func (x *setting) category() string {
	if x.testData.Title == "" {
		return x.engagement.Name
	}
	return x.engagement.Name + " / " + x.testData.Title
}

// place finds or makes where the scan belongs, by ids or by names.
func (c *call) place(s *scan) (*setting, error) {
	if s.again && s.test > 0 {
		x, err := c.testContext(s.test)
		if err != nil {
			return nil, unknownID(err, "test", s.test)
		}
		return x, nil
	}
	x := &setting{}
	var err error
	if s.engagement > 0 {
		if x, err = c.engagementContext(s.engagement); err != nil {
			return nil, unknownID(err, "engagement", s.engagement)
		}
	} else if x.product, x.engagement, err = c.named(s); err != nil {
		return nil, err
	}
	if err := unpack(x.engagement.Data, &x.engagementData); err != nil {
		return nil, err
	}
	return x, c.placeTest(s, x)
}

// placeTest finds the test of the scan type and title in the engagement, or
// makes it.
func (c *call) placeTest(s *scan, x *setting) error {
	if s.again {
		tests, err := c.Numbers.Counterparts(c.ctx, c.who.Tenant, kindTest, x.engagement.ID)
		if err != nil {
			return err
		}
		for _, t := range slices.Backward(tests) {
			var d testData
			if err := unpack(t.Data, &d); err != nil {
				return err
			}
			if d.ScanType == s.scanType && (s.testTitle == "" || d.Title == s.testTitle) {
				x.test, x.testData = t, d
				return nil
			}
		}
		if !s.autoCreate {
			return posture.ErrNotFound
		}
	}
	made, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindTest, x.engagement.ID, []string{testName(s.scanType, s.testTitle)})
	if err != nil {
		return err
	}
	x.test = made[0]
	if err := unpack(x.test.Data, &x.testData); err != nil {
		return err
	}
	if x.testData.ScanType == "" {
		x.testData.ScanType, x.testData.Title = s.scanType, s.testTitle
		return c.keep(&x.test, x.testData)
	}
	return nil
}

func testName(scanType, title string) string { return scanType + "\n" + title }

// named finds or makes the product and engagement that the form names.
func (c *call) named(s *scan) (product, estate.Counterpart, error) {
	var p product
	var e estate.Counterpart
	if s.product == "" || s.engagementName == "" {
		if s.again {
			return p, e, &badContext{"Need test_id or product_name + engagement_name to perform reimport"}
		}
		return p, e, &badContext{"Need engagement_id or product_name + engagement_name to perform import"}
	}
	p, found, err := c.productNamed(s.product)
	if err != nil {
		return p, e, err
	}
	if found && s.productType != "" && p.Unit != "" && p.Unit != s.productType {
		return p, e, &badContext{"The fetched product has a conflict with the supplied product type name: existing product type name - " +
			p.Unit + " vs supplied product type name - " + s.productType}
	}
	if !found && !s.autoCreate {
		return p, e, &badContext{fmt.Sprintf("Product '%s' doesn't exist", s.product)}
	}
	if !found || p.Unit == "" && s.productType != "" && s.productType != noUnit {
		if p, err = c.saveProduct(p, s.product, s.productType); err != nil {
			return p, e, err
		}
	}
	list, err := c.Numbers.Counterparts(c.ctx, c.who.Tenant, kindEngagement, p.id)
	if err != nil {
		return p, e, err
	}
	for _, known := range list {
		if known.Name == s.engagementName {
			return p, known, nil
		}
	}
	if !s.autoCreate {
		return p, e, &badContext{fmt.Sprintf("Engagement '%s' doesn't exist in Product '%s'", s.engagementName, s.product)}
	}
	e, err = c.newEngagement(p.id, s.engagementName, engagementData{Source: s.sourceURI})
	return p, e, err
}

func (c *call) newEngagement(product int64, name string, d engagementData) (estate.Counterpart, error) {
	made, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindEngagement, product, []string{name})
	if err != nil {
		return estate.Counterpart{}, err
	}
	e := made[0]
	return e, c.keep(&e, d)
}

// saveProduct makes an application, or gives one that has no business unit
// its own.
func (c *call) saveProduct(p product, name, unit string) (product, error) {
	key, err := estate.Key(name)
	if err != nil {
		return p, &badContext{err.Error()}
	}
	app := p.Application
	if app.Key == "" {
		app = estate.Application{Key: key, Name: name}
	}
	if app.Unit = unit; unit == noUnit {
		app.Unit = ""
	}
	if err := c.Estate.SaveApplication(c.ctx, c.who.Tenant, app, c.who.Name); err != nil {
		return p, err
	}
	p, found, err := c.productNamed(name)
	if err == nil && !found {
		err = fmt.Errorf("application %q is not there after it was made", key)
	}
	return p, err
}

// products lists the applications with their numbers, oldest number first.
func (c *call) products() ([]product, error) {
	apps, err := c.Estate.Applications(c.ctx, c.who.Tenant)
	if err != nil {
		return nil, err
	}
	out, keys, units := make([]product, len(apps)), make([]string, len(apps)), make([]string, len(apps))
	for i, a := range apps {
		out[i].ApplicationSummary = a
		keys[i], units[i] = a.Key, out[i].unitName()
	}
	numbers, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindProduct, 0, keys)
	if err != nil {
		return nil, err
	}
	types, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindUnit, 0, units)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].id, out[i].unit = numbers[i].ID, types[i].ID
	}
	slices.SortFunc(out, func(a, b product) int { return int(a.id - b.id) })
	return out, nil
}

// productNamed finds a product by its name or key.
func (c *call) productNamed(name string) (product, bool, error) {
	list, err := c.products()
	if err != nil {
		return product{}, false, err
	}
	key, _ := estate.Key(name) // a name without a key matches none by it
	for _, p := range list {
		if p.Name == name || p.Key == key {
			return p, true, nil
		}
	}
	return product{}, false, nil
}

func (c *call) productNumbered(id int64) (product, error) {
	list, err := c.products()
	if err != nil {
		return product{}, err
	}
	for _, p := range list {
		if p.id == id {
			return p, nil
		}
	}
	return product{}, posture.ErrNotFound
}

func (c *call) engagementContext(id int64) (*setting, error) {
	x := &setting{}
	var err error
	if x.engagement, err = c.Numbers.Counterpart(c.ctx, c.who.Tenant, kindEngagement, id); err != nil {
		return nil, err
	}
	if x.product, err = c.productNumbered(x.engagement.Parent); err != nil {
		return nil, err
	}
	return x, unpack(x.engagement.Data, &x.engagementData)
}

func (c *call) testContext(id int64) (*setting, error) {
	test, err := c.Numbers.Counterpart(c.ctx, c.who.Tenant, kindTest, id)
	if err != nil {
		return nil, err
	}
	x, err := c.engagementContext(test.Parent)
	if err != nil {
		return nil, err
	}
	x.test = test
	return x, unpack(test.Data, &x.testData)
}

// keepTest remembers what the last scan of a test was.
func (c *call) keepTest(s *scan, x *setting, r posture.Report) error {
	d := x.testData
	d.Report, d.Verified = r.ID, s.verified != nil && *s.verified
	if d.Said == nil {
		d.Said = map[string]any{}
	}
	for name, v := range map[string]string{"version": s.version, "build_id": s.build, "branch_tag": s.branch, "commit_hash": s.rev, "environment_name": s.environment} {
		if v != "" {
			d.Said[name] = v
		}
	}
	if len(s.tags) > 0 {
		d.Said["tags"] = s.tags
	}
	return c.keep(&x.test, d)
}

func (c *call) keep(e *estate.Counterpart, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	e.Data = b
	return c.Numbers.KeepCounterpart(c.ctx, c.who.Tenant, *e)
}

func unpack(b []byte, into any) error {
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, into)
}

// unknownID turns "not found" into what a form's field is told.
func unknownID(err error, field string, id int64) error {
	if errors.Is(err, posture.ErrNotFound) {
		return invalid{field: {fmt.Sprintf("Invalid pk %q - object does not exist.", fmt.Sprint(id))}}
	}
	return err
}
