package dojo

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/pack/dojo"
)

// productTypes are the business units that applications belong to, and those
// that a client made before the first application.
func (c *call) productTypes() ([]object, error) {
	if _, err := c.products(); err != nil { // gives every unit its number
		return nil, err
	}
	list, err := c.Numbers.Counterparts(c.ctx, c.who.Tenant, kindUnit, 0)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(list))
	for i, u := range list {
		out[i] = productType(u)
	}
	return out, nil
}

func productType(u estate.Counterpart) object {
	return object{"id": u.ID, "name": u.Name, "description": "", "critical_product": false, "key_product": false, "created": stamp(u.Created), "updated": stamp(u.Created), "members": []int{}, "authorization_groups": []int{}}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (c *call) addProductType() {
	o, err := c.read()
	if err != nil {
		c.problem(err)
		return
	}
	name := o.word("name")
	if name == "" || len(name) > 100 {
		c.problem(invalid{"name": {"This field is required and has at most 100 characters."}})
		return
	}
	made, err := c.Numbers.Number(c.ctx, c.who.Tenant, kindUnit, 0, []string{name})
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusCreated, productType(made[0]))
}

func (c *call) productObjects() ([]object, error) {
	list, err := c.products()
	if err != nil {
		return nil, err
	}
	out := make([]object, len(list))
	for i := range list {
		out[i] = productObject(&list[i])
	}
	return out, nil
}

func productObject(p *product) object {
	var open int64
	for _, t := range p.Open {
		open += t.Count
	}
	return object{"id": p.id, "name": p.Name, "description": p.Description, "prod_type": p.unit, "created": stamp(p.Created), "findings_count": open,
		"business_criticality": criticality(p.Context.Criticality.String()), "tags": []string{}, "stance_application": p.Key}
}

// criticality is in DefectDojo's words.
func criticality(s string) any {
	switch s {
	case "critical":
		return "very high"
	case "high", "medium", "low":
		return s
	}
	return nil
}

func (c *call) addProduct() {
	o, err := c.read()
	if err != nil {
		c.problem(err)
		return
	}
	name := o.word("name")
	if name == "" || len(name) > 100 {
		c.problem(invalid{"name": {"This field is required and has at most 100 characters."}})
		return
	}
	unit := ""
	if id := o.number("prod_type"); id > 0 {
		u, err := c.Numbers.Counterpart(c.ctx, c.who.Tenant, kindUnit, id)
		if err != nil {
			c.problem(unknownID(err, "prod_type", id))
			return
		}
		unit = u.Name
	}
	if _, found, err := c.productNamed(name); err != nil || found {
		if found {
			err = invalid{"name": {"product with this name already exists."}}
		}
		c.problem(err)
		return
	}
	p, err := c.saveProduct(product{}, name, unit)
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusCreated, productObject(&p))
}

func (c *call) engagements() ([]object, error) {
	list, err := c.Numbers.Counterparts(c.ctx, c.who.Tenant, kindEngagement, -1)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(list))
	for i, e := range list {
		if out[i], err = engagement(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func engagement(e estate.Counterpart) (object, error) {
	var d engagementData
	if err := unpack(e.Data, &d); err != nil {
		return nil, err
	}
	out := object{"id": e.ID, "name": e.Name, "product": e.Parent, "created": stamp(e.Created), "engagement_type": "CI/CD", "status": "In Progress", "active": true,
		"target_start": e.Created.Format(time.DateOnly), "target_end": e.Created.AddDate(1, 0, 0).Format(time.DateOnly),
		"branch_tag": d.Branch, "commit_hash": d.Commit, "source_code_management_uri": d.Source, "tags": []string{}}
	for name, v := range d.Said {
		out[name] = v
	}
	return out, nil
}

func (c *call) addEngagement() {
	o, err := c.read()
	if err != nil {
		c.problem(err)
		return
	}
	bad := invalid{}
	name, id := o.word("name"), o.number("product")
	if len(name) > 90 {
		bad.add("name", "Ensure this field has no more than 90 characters.")
	}
	for _, field := range []string{"product", "target_start", "target_end"} {
		if o.word(field) == "" {
			bad.add(field, "This field is required.")
		}
	}
	if len(bad) > 0 {
		c.problem(bad)
		return
	}
	if _, err := c.productNumbered(id); err != nil {
		c.problem(unknownID(err, "product", id))
		return
	}
	if name == "" { // DefectDojo allows it; ours are told apart by their names
		name = "engagement of " + o.word("target_start")
	}
	var d engagementData
	d.take(o)
	e, err := c.newEngagement(id, name, d)
	if err != nil {
		c.problem(err)
		return
	}
	c.sendEngagement(http.StatusCreated, e)
}

// take keeps what a client says of an engagement.
func (d *engagementData) take(o object) {
	if d.Said == nil {
		d.Said = map[string]any{}
	}
	for name, v := range o {
		text, isText := v.(string)
		switch name {
		case "branch_tag":
			d.Branch = text
		case "commit_hash":
			d.Commit = text
		case "source_code_management_uri":
			d.Source = text
		case "engagement_type", "status", "target_start", "target_end", "version", "build_id", "description", "tags", "deduplication_on_engagement", "lead":
			if !isText || len(text) <= 4000 {
				d.Said[name] = v
			}
		}
	}
}

func (c *call) changeEngagement() {
	o, err := c.read()
	if err != nil {
		c.problem(err)
		return
	}
	x, err := c.engagementContext(object{"id": c.r.PathValue("id")}.number("id"))
	if err != nil {
		c.problem(err)
		return
	}
	x.engagementData.take(o)
	if err := c.keep(&x.engagement, x.engagementData); err != nil {
		c.problem(err)
		return
	}
	c.sendEngagement(http.StatusOK, x.engagement)
}

func (c *call) sendEngagement(status int, e estate.Counterpart) {
	o, err := engagement(e)
	if err != nil {
		c.problem(err)
		return
	}
	c.send(status, o)
}

func (c *call) tests() ([]object, error) {
	list, err := c.Numbers.Counterparts(c.ctx, c.who.Tenant, kindTest, -1)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(list))
	for i, t := range list {
		if out[i], err = c.testObject(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *call) testObject(t estate.Counterpart) (object, error) {
	var d testData
	if err := unpack(t.Data, &d); err != nil {
		return nil, err
	}
	title := d.Title
	if title == "" {
		title = d.ScanType
	}
	out := object{"id": t.ID, "engagement": t.Parent, "title": title, "scan_type": d.ScanType, "test_type": c.byName[d.ScanType].ID, "test_type_name": d.ScanType,
		"created": stamp(t.Created), "target_start": stamp(t.Created), "target_end": stamp(t.Created), "tags": []string{}, "stance_report": d.Report}
	for name, v := range d.Said {
		out[name] = v
	}
	return out, nil
}

func (c *call) addTest() {
	o, err := c.read()
	if err != nil {
		c.problem(err)
		return
	}
	typ := o.number("test_type")
	i := slices.IndexFunc(c.types, func(t dojo.ScanType) bool { return int64(t.ID) == typ })
	if i < 0 {
		c.problem(invalid{"test_type": {"Invalid pk - object does not exist."}})
		return
	}
	x, err := c.engagementContext(o.number("engagement"))
	if err != nil {
		c.problem(unknownID(err, "engagement", o.number("engagement")))
		return
	}
	title := o.word("title")
	if len(title) > 90 {
		c.problem(invalid{"title": {"Ensure this field has no more than 90 characters."}})
		return
	}
	if err := c.placeTest(&scan{scanType: c.types[i].Name, testTitle: title}, x); err != nil {
		c.problem(err)
		return
	}
	out, err := c.testObject(x.test)
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusCreated, out)
}

func (c *call) testTypes() ([]object, error) {
	out := make([]object, len(c.types))
	for i, t := range c.types {
		out[i] = object{"id": t.ID, "name": t.Name, "active": true, "static_tool": false, "dynamic_tool": false, "dynamically_generated": false}
	}
	return out, nil
}

// environments are those that every DefectDojo has from the start.
func (c *call) environments() ([]object, error) {
	var out []object
	for i, name := range []string{"Default", "Development", "Lab", "Pre-prod", "Production", "Staging", "Test"} {
		out = append(out, object{"id": i + 1, "name": name})
	}
	return out, nil
}

func (c *call) user() object {
	return object{"id": 1, "username": c.who.Name, "first_name": "", "last_name": "", "email": "", "is_active": true, "is_superuser": slices.Contains(c.who.Scopes, "admin"), "configuration_permissions": []int{}}
}

// users is the caller alone: clients look up who may lead an engagement.
func (c *call) users() ([]object, error) { return []object{c.user()}, nil }

func (c *call) profile() {
	c.send(http.StatusOK, object{"user": c.user(), "user_contact_info": nil, "global_role": nil, "dojo_group_member": []int{}, "product_type_member": []int{}, "product_member": []int{},
		"stance_scopes": strings.Join(c.who.Scopes, " ")})
}
