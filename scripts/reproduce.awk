# Compares tables of memwall with published values: awk -v folder=DIR -f reproduce.awk EXPECTED.csv
#
# Prints CSV: verdict, table, row, column, published, computed, tolerance, source, note. EXPECTED.csv has the columns
# table,row,column,published,tolerance,source,note; row is "column=value;column=value" and has to name one row of
# DIR/<table>.csv. Tolerances:
#   printed       rounds to the digits of `published`; zeros at the end of a whole number are no digits
#   N%  xN  A..B  not more than so many per cent or such a factor away; between A and B
#   same          the same text
#   known:V       published and computed are known to differ, and `note` says why: computed rounds to V
#
# With -v markdown=1 or -v terminal=1 the argument is the CSV that was printed before: it is printed again for people, as
# a table of all rows, or as counts of each table with the rows that fail.

# One record of RFC 4180 into cell[1..]; returns how many. A line break inside quotes joins the next line.
function cells_of(file, line, cell,    n, i, c, quoted, more) {
	split("", cell)
	n = 1
	cell[1] = ""
	for (i = 1; ; i++) {
		if (i > length(line)) {
			if (!quoted || (getline more < file) <= 0) break
			line = line "\n" more
		}
		c = substr(line, i, 1)
		if (quoted && c == "\"" && substr(line, i + 1, 1) == "\"") { cell[n] = cell[n] c; i++ }
		else if (c == "\"") quoted = !quoted
		else if (c == "," && !quoted) cell[++n] = ""
		else if (c != "\r") cell[n] = cell[n] c
	}
	return n
}

# Reads folder/<name>.csv once.
function load(name,    file, line, head, cell, n, i) {
	if (name in rows) return
	rows[name] = 0
	file = folder "/" name ".csv"
	if ((getline line < file) <= 0) return
	n = cells_of(file, line, head)
	while ((getline line < file) > 0) {
		cells_of(file, line, cell)
		rows[name]++
		for (i = 1; i <= n; i++) value[name, rows[name], head[i]] = cell[i]
	}
	close(file)
}

# The one row that has these values; 0 where there is none, -1 where there are several.
function find(name, row,    i, k, n, pair, key, word, at, found) {
	n = split(row, pair, ";")
	for (i = 1; i <= rows[name]; i++) {
		for (k = 1; k <= n; k++) {
			at = index(pair[k], "=")
			key = substr(pair[k], 1, at - 1)
			word = substr(pair[k], at + 1)
			if (!((name, i, key) in value) || value[name, i, key] != word) break
		}
		if (k <= n) continue
		if (found) return -1
		found = i
	}
	return found + 0
}

function is_number(text) { return text ~ /^[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$/ }

function rounds_to(v, printed,    digits, exponent, off) {
	digits = printed
	exponent = 0
	if (match(digits, /[eE]/)) {
		exponent = substr(digits, RSTART + 1) + 0
		digits = substr(digits, 1, RSTART - 1)
	}
	if (match(digits, /[.]/)) exponent -= length(digits) - RSTART
	else if (match(digits, /[1-9]0+$/)) exponent += RLENGTH - 1
	off = v - printed
	return (off < 0 ? -off : off) <= 0.5 * 10 ^ exponent * (1 + 1e-9)
}

# 1: within, 0: outside, -1: the tolerance is unknown.
function within(v, published, tolerance,    part) {
	if (tolerance == "printed") return is_number(published) ? rounds_to(v, published) : -1
	if (tolerance ~ /^known:/) {
		part[1] = substr(tolerance, 7)
		return is_number(part[1]) ? rounds_to(v, part[1]) : -1
	}
	if (tolerance ~ /^[0-9.]+\.\.[0-9.]+$/) {
		split(tolerance, part, /\.\./)
		return v >= part[1] + 0 && v <= part[2] + 0
	}
	if (!is_number(published)) return -1
	if (tolerance ~ /^[0-9.]+%$/)
		return (v > published ? v - published : published - v) <= tolerance / 100 * published
	if (tolerance ~ /^x[0-9.]+$/) return v > 0 && v <= published * substr(tolerance, 2) && v >= published / substr(tolerance, 2)
	return -1
}

function quote(text) {
	if (text !~ /[",\n]/) return text
	gsub(/"/, "\"\"", text)
	return "\"" text "\""
}

function put(verdict, computed, note) {
	print verdict "," quote(e[1]) "," quote(e[2]) "," quote(e[3]) "," quote(e[4]) "," quote(computed) "," quote(e[5]) "," quote(e[6]) "," quote(note)
}

function check(    row, v, ok) {
	load(e[1])
	row = find(e[1], e[2])
	if (row <= 0) { put("FAIL", "", row < 0 ? "several such rows" : "no such row"); return }
	if (!((e[1], row, e[3]) in value)) { put("FAIL", "", "no such column"); return }
	v = value[e[1], row, e[3]]
	if (e[5] == "same") ok = v == e[4]
	else if (e[5] ~ /^known:/ && !is_number(substr(e[5], 7))) ok = v == substr(e[5], 7)
	else if (!is_number(v)) { put("FAIL", v, "no number"); return }
	else ok = within(v + 0, e[4], e[5])
	if (ok < 0) put("FAIL", v, "unknown tolerance")
	else put(!ok ? "FAIL" : e[5] ~ /^known:/ ? "KNOWN" : "PASS", v, e[7])
}

# Prints for people the CSV that was printed before.
function put_page(file,    line, name, order, n, i, total, good, same) {
	getline line < file
	if (markdown) print "| verdict | table | row | column | published | computed | tolerance | source | note |\n|---|---|---|---|---|---|---|---|---|"
	while ((getline line < file) > 0) {
		cells_of(file, line, e)
		if (markdown) {
			for (i = 1; i <= 9; i++) gsub(/[|]/, "\\\\|", e[i])
			print "| " e[1] " | " e[2] " | " e[3] " | " e[4] " | " e[5] " | " e[6] " | " e[7] " | " e[8] " | " e[9] " |"
			continue
		}
		if (!(e[2] in total)) order[++n] = e[2]
		total[e[2]]++
		good[e[2]] += e[1] == "PASS"
		same[e[2]] += e[1] == "KNOWN"
		if (e[1] == "FAIL") printf "FAIL  %s %s %s: published %s, computed %s, tolerance %s%s\n", e[2], e[3], e[4], e[5], e[6] == "" ? "-" : e[6], e[7], e[9] == "" ? "" : " (" e[9] ")"
	}
	for (i = 1; i <= n; i++) {
		name = order[i]
		printf "%-4s  %-20s  %3d of %3d within, %2d known to differ\n", good[name] + same[name] < total[name] ? "FAIL" : "ok", name, good[name], total[name], same[name]
	}
}

BEGIN {
	if (markdown || terminal) {
		put_page(ARGV[1])
		exit 0
	}
	expected = ARGV[1]
	if ((getline line < expected) <= 0 || line != "table,row,column,published,tolerance,source,note") {
		print expected ": expected the columns table,row,column,published,tolerance,source,note" >"/dev/stderr"
		exit 2
	}
	print "verdict,table,row,column,published,computed,tolerance,source,note"
	while ((getline line < expected) > 0) {
		at++
		if (cells_of(expected, line, e) != 7) {
			printf "%s: row %d: expected 7 cells\n", expected, at >"/dev/stderr"
			exit 2
		}
		check()
	}
	if (!at) {
		print expected ": no rows" >"/dev/stderr"
		exit 2
	}
}
