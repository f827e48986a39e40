package sarif

import (
	"slices"
	"strings"
)

// override is a level that an invocation set for a rule.
type override struct {
	id    string
	index int
	level string
}

func (r *run) readInvocation(c *cursor) {
	var levels []override
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "executionSuccessful", "toolExecutionSuccessful":
			if v, said := c.boolean(); said && !v {
				r.out.Failed = true
			}
		case "startTimeUtc", "startTime":
			if t := parseTime(c.text()); r.out.Started.IsZero() {
				r.out.Started = t
			}
		case "endTimeUtc", "endTime":
			if t := parseTime(c.text()); r.out.Started.IsZero() {
				r.out.Started = t
			}
		case "toolExecutionNotifications", "toolConfigurationNotifications", "toolNotifications", "configurationNotifications":
			for ok := c.array(); ok && c.element(); {
				r.readNotification(c)
			}
		case "ruleConfigurationOverrides":
			for ok := c.array(); ok && c.element(); {
				levels = append(levels, readOverride(c))
			}
		case "workingDirectory":
			r.bases[workingDirectory] = base{artifactLocation: readArtifactLocation(c)}
		}
	}
	r.overrides = append(r.overrides, levels)
}

// readNotification keeps what the tool reports as an error of its own.
func (r *run) readNotification(c *cursor) {
	var level string
	var m message
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "level":
			level = c.text()
		case "message":
			m = readMessage(c)
		}
	}
	if strings.EqualFold(level, "error") {
		r.note(m.plain())
	}
}

func (r *run) note(s string) {
	if s = strings.TrimSpace(s); s != "" && len(r.out.Notes) < maxNotes && !slices.Contains(r.out.Notes, s) {
		r.out.Notes = append(r.out.Notes, s)
	}
}

func readOverride(c *cursor) override {
	o := override{index: -1}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "descriptor":
			for ok := c.object(); ok && c.member(); {
				switch string(c.name) {
				case "id":
					o.id = c.word()
				case "index":
					o.index = c.integer(-1)
				}
			}
		case "configuration":
			for ok := c.object(); ok && c.member(); {
				if string(c.name) == "level" {
					o.level = c.word()
				}
			}
		}
	}
	return o
}

// maxNotes bounds the tool's own messages kept with a run.
const maxNotes = 5
