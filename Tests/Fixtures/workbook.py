"""Opens a workbook as a spreadsheet program does, and prints its rows as JSON: of each cell its value, its type and its format."""
import json, sys
import openpyxl

sheet = openpyxl.load_workbook(sys.argv[1]).active
rows = [[[str(cell.value), cell.data_type, cell.number_format] for cell in row] for row in sheet.iter_rows()]
print(json.dumps({"title": sheet.title, "rows": rows}))
