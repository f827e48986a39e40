package sarif

import "strings"

// tool is a toolComponent: the driver or an extension.
type tool struct {
	name, guid string
	rules      []*rule
	byID       map[string]*rule
	messages   map[string]message
}

func newTool() *tool { return &tool{byID: map[string]*rule{}, messages: map[string]message{}} }

func (r *run) readTool(c *cursor) {
	driver := r.tools[0]
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "driver":
			r.out.Version = driver.read(c)
		case "extensions":
			for ok := c.array(); ok && c.element(); {
				t := newTool()
				t.read(c)
				r.tools = append(r.tools, t)
			}
		// Before 2.1.0 the tool was one flat object.
		case "name":
			driver.name = c.text()
		case "version":
			r.out.Version = c.text()
		case "semanticVersion":
			if v := c.text(); r.out.Version == "" {
				r.out.Version = v
			}
		}
	}
}

// read reads a toolComponent and returns the version it gives.
func (t *tool) read(c *cursor) (version string) {
	var semantic, dotted string
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "name":
			t.name = c.text()
		case "guid":
			t.guid = c.text()
		case "version":
			version = c.text()
		case "semanticVersion":
			semantic = c.text()
		case "dottedQuadFileVersion":
			dotted = c.text()
		case "rules":
			for ok := c.array(); ok && c.element(); {
				t.add(readRule(c))
			}
		case "globalMessageStrings":
			readMessages(c, t.messages)
		}
	}
	return first(version, semantic, dotted)
}

func (t *tool) add(r *rule) {
	t.rules = append(t.rules, r)
	if _, taken := t.byID[r.check.ID]; !taken {
		t.byID[r.check.ID] = r
	}
}

// readResources reads the rules of older versions: an array, or an object
// with the rules' ids as names.
func (r *run) readResources(name string, c *cursor) {
	if name == "resources" {
		for ok := c.object(); ok && c.member(); {
			switch string(c.name) {
			case "rules":
				r.readResources("rules", c)
			case "messageStrings":
				readMessages(c, r.tools[0].messages)
			}
		}
		return
	}
	if c.kind() == '[' {
		for ok := c.array(); ok && c.element(); {
			r.tools[0].add(readRule(c))
		}
		return
	}
	for ok := c.object(); ok && c.member(); {
		key := string(c.name)
		rule := readRule(c)
		rule.check.ID = first(rule.check.ID, key)
		r.tools[0].add(rule)
		r.tools[0].byID[key] = rule
	}
}

// ruleOf finds the rule of a result: by the index into the component that it
// names, else by the id, taking one level of a hierarchical id off at a time
// ("CA1000/1/2", "CA1000/1", "CA1000"; section 3.52.4).
func (r *run) ruleOf(res *result) *rule {
	t := r.toolOf(&res.component)
	if i := res.ruleIndex; i >= 0 && i < len(t.rules) {
		rule := t.rules[i]
		if res.ruleID == "" || rule.covers(res.ruleID) {
			return rule
		}
		// The index and the id disagree: believe the id if a rule has it.
		if byID := r.ruleByID(t, res.ruleID); byID != nil {
			return byID
		}
		return rule
	}
	if res.ruleID == "" {
		return nil
	}
	return r.ruleByID(t, res.ruleID)
}

func (r *run) ruleByID(preferred *tool, id string) *rule {
	for id != "" {
		if rule := preferred.byID[id]; rule != nil {
			return rule
		}
		for _, t := range r.tools {
			if rule := t.byID[id]; rule != nil {
				return rule
			}
		}
		id = id[:max(strings.LastIndexByte(id, '/'), 0)]
	}
	return nil
}

func (r *run) toolOf(ref *componentRef) *tool {
	extensions := r.tools[1:]
	if ref.index >= 0 && ref.index < len(extensions) {
		return extensions[ref.index]
	}
	if ref.name != "" || ref.guid != "" {
		for _, t := range r.tools {
			if ref.guid != "" && strings.EqualFold(t.guid, ref.guid) || ref.guid == "" && t.name == ref.name {
				return t
			}
		}
	}
	return r.tools[0]
}
