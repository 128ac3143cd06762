// SPDX-License-Identifier: Apache-2.0
// Readers of XML in a ZIP archive: the first byte names the format and the member that the rest becomes.
#include "foreign.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss::input::foreign;
  struct Place {
    isogloss::fuzz::ForeignReader read;
    const char* member;
  };
  static constexpr Place kPlaces[] = {{read_docx, "word/document.xml"},
                                      {read_docx, "word/styles.xml"},
                                      {read_docx, "word/numbering.xml"},
                                      {read_xlsx, "xl/worksheets/sheet.xml"},
                                      {read_xlsx, "xl/sharedStrings.xml"},
                                      {read_xlsx, "xl/styles.xml"},
                                      {read_pptx, "ppt/slides/slide.xml"},
                                      {read_odt, "content.xml"},
                                      {read_ods, "content.xml"},
                                      {read_odp, "content.xml"},
                                      {read_epub, "OPS/p.opf"},
                                      {read_epub, "OPS/c.xhtml"},
                                      {read_zip, "a.md"},
                                      {read_docx, "docProps/core.xml"}};
  if (size == 0) return 0;
  const Place& place = kPlaces[data[0] % std::size(kPlaces)];
  std::vector<std::pair<std::string, std::string>> members{
      {"word/document.xml",
       "<w:document xmlns:w='w'><w:body><w:p><w:pPr><w:pStyle w:val='H'/><w:numPr><w:ilvl w:val='0'/><w:numId "
       "w:val='1'/>"
       "</w:numPr></w:pPr><w:r><w:t>Text</w:t></w:r></w:p></w:body></w:document>"},
      {"xl/workbook.xml", "<workbook xmlns:r='r'><sheets><sheet name='S' r:id='r1'/></sheets></workbook>"},
      {"xl/_rels/workbook.xml.rels",
       "<Relationships><Relationship Id='r1' Target='worksheets/sheet.xml'/></Relationships>"},
      {"xl/worksheets/sheet.xml",
       "<worksheet><sheetData><row><c t='s'><v>0</v></c><c s='1'><v>45000</v></c></row></sheetData></worksheet>"},
      {"ppt/presentation.xml", "<p xmlns:r='r'><sldIdLst><sldId r:id='r1'/></sldIdLst></p>"},
      {"ppt/_rels/presentation.xml.rels",
       "<Relationships><Relationship Id='r1' Target='slides/slide.xml'/></Relationships>"},
      {"META-INF/container.xml", "<c><rootfiles><rootfile full-path='OPS/p.opf'/></rootfiles></c>"},
      {"OPS/p.opf",
       "<package><manifest><item id='c' href='c.xhtml'/></manifest><spine><itemref idref='c'/></spine></package>"}};
  std::erase_if(members, [&](const auto& member) { return member.first == place.member; });
  members.emplace_back(place.member, isogloss::fuzz::text_of(data + 1, size - 1));
  isogloss::fuzz::read_foreign(place.read, isogloss::fuzz::stored_zip(members));
  return 0;
}
