function number(re, skip) { return match($0, re) ? substr($0, RSTART + skip, RLENGTH - skip) : "" }
/buffer: [0-9]+ bytes [^ ]+:[0-9]+/ {
  count = number("count: [0-9]+", 7) + 0
  if (count <= last) dump++
  last = count
  split(number("buffer: [0-9]+ bytes [^ ]+:[0-9]+", 8), part, / bytes |:/)
  n[dump, part[2], part[3], part[1]]++; next }
/region +[0-9]+: +va / {
  if (number("region +[0-9]+", 7) + 0 == 0) map++
  r[map]++; bytes[map, number("va 0x[0-9a-f]+", 3)] = number("size 0x[0-9a-f]+", 5); next }
/Status of (user )?TA/ { ta[map + 1] = number("[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+", 0); next }
/csess 0x[0-9a-f]+ id [0-9]+/ { closed[number("id [0-9]+", 3)]++ }
END { for (key in n) sum++; print sum, dump, map }
