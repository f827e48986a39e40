package sarif

import (
	"strconv"
	"strings"
)

// message is a SARIF message (section 3.11): text of its own, or the id of a
// string of the rule or tool, with arguments for its placeholders.
type message struct {
	text, markdown, id string
	arguments          []string
}

// readMessage reads a message object, or the bare string of SARIF 1.0.
func readMessage(c *cursor) message {
	var m message
	if c.kind() == '"' {
		m.text = c.text()
		return m
	}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "text":
			m.text = c.text()
		case "markdown":
			m.markdown = c.text()
		case "richText": // 2.0 drafts
			m.markdown = c.text()
		case "id", "messageId", "formatId":
			m.id = c.word()
		case "arguments":
			m.arguments = c.strings()
		}
	}
	return m
}

// readMessages reads an object of message strings by id.
func readMessages(c *cursor, into map[string]message) {
	for ok := c.object(); ok && c.member(); {
		id := string(c.name)
		into[id] = readMessage(c)
	}
}

// plain is the message's own text, its placeholders filled.
func (m message) plain() string { return fill(first(m.text, m.markdown), m.arguments) }

// rich is plain in Markdown where the message has it.
func (m message) rich() string { return fill(first(m.markdown, m.text), m.arguments) }

// messageOf resolves a message by its id where it has no text of its own: a
// string of the rule, of the rule's component, or of any other component.
func (r *run) messageOf(m *message, of *rule, in *tool) string {
	if m.text != "" || m.markdown != "" || m.id == "" {
		return m.plain()
	}
	if of != nil {
		if s, ok := of.messages[m.id]; ok {
			return fill(first(s.text, s.markdown), m.arguments)
		}
	}
	for _, t := range append([]*tool{in}, r.tools...) {
		if s, ok := t.messages[m.id]; ok {
			return fill(first(s.text, s.markdown), m.arguments)
		}
	}
	return strings.Join(append([]string{m.id}, m.arguments...), " ") // better than nothing
}

// fill puts the arguments in place of {0}, {1}, … and turns the doubled
// braces of such a string into single ones (section 3.11.5). A placeholder
// without an argument stays; so do braces of a message without arguments,
// which many producers write without doubling.
func fill(s string, arguments []string) string {
	if len(arguments) == 0 || strings.IndexByte(s, '{') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "{{"), strings.HasPrefix(s[i:], "}}"):
			b.WriteByte(s[i])
			i++
			continue
		case s[i] == '{':
			if digits, _, ok := strings.Cut(s[i+1:], "}"); ok {
				if n, err := strconv.Atoi(digits); err == nil && n >= 0 && n < len(arguments) {
					b.WriteString(arguments[n])
					i += len(digits) + 1
					continue
				}
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
