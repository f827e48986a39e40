package sarif

import (
	"maps"
)

// result is one result as SARIF tells it (section 3.27).
type result struct {
	ruleID    string
	ruleIndex int
	component componentRef

	kind, level, baseline string
	message               message
	locations, related    []location
	target                artifactLocation
	flow                  []step

	fingerprints map[string]string
	partial      map[string]string
	suppressions []suppression
	taxa         []taxon
	fixes        []string
	links        []string
	firstSeen    string
	invocation   int
	request      request
	props        properties
}

// suppression is a request to hide a result (section 3.35).
type suppression struct{ kind, status, justification string }

// request is the webRequest of a scanner that looks from outside.
type request struct{ target, method, protocol, host string }

// readResult reads a result object.
func readResult(c *cursor) result {
	r := result{ruleIndex: -1, invocation: -1, component: componentRef{index: -1}}
	r.target.index = -1
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "ruleId":
			r.ruleID = c.word()
		case "ruleIndex":
			r.ruleIndex = c.integer(-1)
		case "rule":
			r.readRule(c)
		case "kind":
			r.kind = c.word()
		case "level":
			r.level = c.word()
		case "baselineState":
			r.baseline = c.word()
		case "message":
			id := r.message.id
			r.message = readMessage(c)
			r.message.id = first(r.message.id, id)
		case "ruleMessageId": // 2.0 drafts
			r.message.id = c.word()
		case "formattedRuleMessage": // SARIF 1.0
			r.message = readMessage(c)
		case "locations":
			r.locations = readLocations(c)
		case "relatedLocations":
			r.related = readLocations(c)
		case "analysisTarget":
			r.target = readArtifactLocation(c)
		case "codeFlows":
			r.flow = readFlow(c)
		case "fingerprints":
			r.fingerprints = readFingerprints(c, r.fingerprints)
		case "partialFingerprints":
			r.partial = readFingerprints(c, r.partial)
		case "fingerprintContributions", "correlationGuid", "toolFingerprintContribution": // the first: 2.0 drafts
			r.readOther(c)
		default:
			r.readRest(c)
		}
	}
	return r
}

// readRest reads the members that few producers write.
func (r *result) readRest(c *cursor) {
	switch string(c.name) {
	case "suppressions":
		for ok := c.array(); ok && c.element(); {
			r.suppressions = append(r.suppressions, readSuppression(c))
		}
	case "suppressionStates": // 2.0 drafts and 1.0
		for _, state := range c.strings() {
			r.suppressions = append(r.suppressions, suppression{kind: state})
		}
	case "taxa":
		for ok := c.array(); ok && c.element(); {
			r.taxa = append(r.taxa, readTaxon(c))
		}
	case "fixes":
		for ok := c.array(); ok && c.element(); {
			r.fixes = append(r.fixes, readFix(c))
		}
	case "hostedViewerUri":
		r.links = append(r.links, c.text())
	case "workItemUris", "workItemUri":
		r.links = append(r.links, c.strings()...)
	case "provenance":
		for ok := c.object(); ok && c.member(); {
			switch string(c.name) {
			case "firstDetectionTimeUtc":
				r.firstSeen = c.text()
			case "invocationIndex":
				r.invocation = c.integer(-1)
			}
		}
	case "webRequest":
		r.request = readRequest(c)
	case "properties":
		r.props.read(c)
	}
}

func (r *result) readRule(c *cursor) {
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "id":
			r.ruleID = first(r.ruleID, c.word())
		case "index":
			if i := c.integer(-1); r.ruleIndex < 0 {
				r.ruleIndex = i
			}
		case "toolComponent":
			r.component = readComponentRef(c)
		}
	}
}

func readLocations(c *cursor) []location {
	var list []location
	for ok := c.array(); ok && c.element(); {
		if c.kind() == '{' {
			list = append(list, readLocation(c))
		}
	}
	return list
}

// readFlow reads the first thread flow of the first code flow that has one;
// further ones stay in the raw record.
func readFlow(c *cursor) []step {
	var steps []step
	for ok := c.array(); ok && c.element(); {
		for ok := len(steps) == 0 && c.object(); ok && c.member(); {
			switch string(c.name) {
			case "threadFlows":
				for ok := c.array(); ok && c.element(); {
					for ok := len(steps) == 0 && c.object(); ok && c.member(); {
						if string(c.name) == "locations" {
							steps = readSteps(c)
						}
					}
				}
			case "locations": // SARIF 1.0
				steps = readSteps(c)
			}
		}
	}
	return steps
}

func readSteps(c *cursor) []step {
	var steps []step
	for ok := c.array(); ok && c.element(); {
		steps = append(steps, readStep(c))
	}
	return steps
}

// readFingerprints reads an object of strings. Some producers nest objects in
// it; their members come out as "outer/inner".
func readFingerprints(c *cursor, into map[string]string) map[string]string {
	for ok := c.object(); ok && c.member(); {
		name := c.words.of(c.name)
		if into == nil {
			into = map[string]string{}
		}
		if c.kind() != '{' {
			if v := c.text(); v != "" {
				into[name] = v
			}
			continue
		}
		for inner, v := range readFingerprints(c, nil) {
			into[name+"/"+inner] = v
		}
	}
	return into
}

// readOther keeps the stable ids that stand beside the fingerprints.
func (r *result) readOther(c *cursor) {
	name := c.words.of(c.name)
	if name == "fingerprintContributions" {
		r.partial = readFingerprints(c, r.partial)
		return
	}
	if v := c.text(); v != "" {
		other := map[string]string{name: v}
		maps.Copy(other, r.fingerprints)
		r.fingerprints = other
	}
}

func readSuppression(c *cursor) suppression {
	var s suppression
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "kind":
			s.kind = c.word()
		case "status", "state": // "state" in release candidates
			s.status = c.word()
		case "justification":
			s.justification = readMessage(c).plain()
		}
	}
	return s
}

// readFix reads what a fix says in words, or else the text that it inserts.
func readFix(c *cursor) string {
	var said, inserted string
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "description":
			said = readMessage(c).rich()
		case "artifactChanges", "fileChanges":
			for ok := c.array(); ok && c.element(); {
				for ok := c.object(); ok && c.member(); {
					if string(c.name) == "replacements" {
						inserted = first(inserted, readReplacement(c))
					}
				}
			}
		}
	}
	if said == "" && inserted != "" {
		said = "Replace with: " + inserted
	}
	return said
}

func readReplacement(c *cursor) string {
	text := ""
	for ok := c.array(); ok && c.element(); {
		for ok := c.object(); ok && c.member(); {
			if string(c.name) == "insertedContent" {
				text = first(text, readMessage(c).plain())
			}
		}
	}
	return text
}

func readRequest(c *cursor) request {
	var r request
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "target":
			r.target = c.text()
		case "method":
			r.method = c.text()
		case "protocol":
			r.protocol = c.text()
		case "headers":
			for ok := c.object(); ok && c.member(); {
				if len(c.name) == len("host") && indexFold(string(c.name), "host") == 0 {
					r.host = c.text()
				}
			}
		}
	}
	return r
}
